"""What an AWS for one run of a job is to be, as it is handed to the process that makes it."""

from __future__ import annotations

import json
import secrets
import uuid
from dataclasses import asdict, dataclass

AWAITED = "/.conformance"
"""The path that is answered before the program begins, and is no call."""

CALLS = "calls"
"""The file in the run's directory in which the calls are written down."""

READY, ENDED, GONE = b"ready\n", b"ended\n", b"gone\n"
"""What the process answers: it has made what an order says, it has ended that, or that had ended by itself."""

END = b"end "
"""How the line begins that ends the AWS in a directory."""


@dataclass(frozen=True)
class Given:
    """Where a host finds the credentials of its role, and those parts of them that nobody else may know."""

    path: str
    secret: str
    token: str

    @classmethod
    def fresh(cls) -> Given:
        """Such as nobody had before, as long as those of AWS."""
        return cls(f"/v2/credentials/{uuid.uuid4()}", secrets.token_hex(20), secrets.token_urlsafe(256))

    @property
    def words(self) -> tuple[str, ...]:
        """What must stand in no log and no message."""
        return self.path, self.secret, self.token


@dataclass(frozen=True)
class Order:
    """An AWS for one run: `directory` takes a socket for each host, by its name, and the file of the calls.

    `credentials` are what each host is given. `tree` is the directory `bucket/key` that S3
    holds, empty for none. `throttles` has the first call turned away.
    """

    directory: str
    credentials: dict[str, Given]
    region: str
    role_arn: str
    tree: str = ""
    throttles: bool = False

    def encoded(self) -> bytes:
        """As one line."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def decoded(cls, line: bytes) -> Order:
        """From such a line."""
        members = json.loads(line)
        given = {host: Given(**each) for host, each in members.pop("credentials").items()}
        return cls(credentials=given, **members)

    def socket(self, host: str) -> str:
        """The path of a host's socket."""
        return f"{self.directory}/{host}"

    @property
    def calls(self) -> str:
        """The path of the file of its calls."""
        return f"{self.directory}/{CALLS}"
