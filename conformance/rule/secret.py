"""Which variables hold a secret, by their names: no report shows the value of one."""

from __future__ import annotations

import re

AWS_CREDENTIALS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})

SECRET_NAME = re.compile(
    r"(.*_)?(TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRET_KEY|PRIVATE_KEY|ACCESS_KEY|API_?KEY)", re.IGNORECASE
)
"""Names of secrets. A suffix `_FILE` or `_PATH` means a file, and GPG_KEY of the Python images is public."""

NO_SECRET = re.compile(r".{0,3}|true|false|none|null|random|[/<$].*|\w+://.*", re.IGNORECASE | re.DOTALL)
"""Values that are not secret: a switch, a path or URL, a token of a language model such as `</s>`, a variable."""


def is_credential(name: str, value: str) -> bool:
    """Whether a variable holds credentials of AWS."""
    return name in AWS_CREDENTIALS and bool(value)


def is_secret(name: str, value: str) -> bool:
    """Whether a variable holds another secret."""
    return (
        name not in AWS_CREDENTIALS and SECRET_NAME.fullmatch(name) is not None and NO_SECRET.fullmatch(value) is None
    )
