"""The environment: what the image puts into that of every job, and what becomes of the request's own."""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checks.launch import witness_of
from conformance.image.image import Image
from conformance.job.variation import STAND_IN
from conformance.outcome.outcome import Outcome
from conformance.rule.contract import BYOC, SDK
from conformance.rule.declaration import DOCUMENTED, INFERRED, OBSERVED, SHOULD, DoesNotApply, check
from conformance.rule.evidence import some_of
from conformance.rule.sight import Sight

INSPECT = "docker image inspect --format '{{json .Config.Env}}' IMAGE"

AWS_CREDENTIALS = frozenset({"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"})

SECRET_NAME = re.compile(
    r"(.*_)?(TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|SECRET_KEY|PRIVATE_KEY|ACCESS_KEY|API_?KEY)", re.IGNORECASE
)
"""How secrets are called. `_FILE` and `_PATH` after it name a file, and GPG_KEY of the Python images is public."""

NO_SECRET = re.compile(r".{0,3}|true|false|none|null|random|[/<$].*|\w+://.*", re.IGNORECASE | re.DOTALL)
"""Values that are none: a switch, a path or address, a mark of a language model such as `</s>`, a variable's name."""

REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


@check(
    "environment.no-secrets",
    SHOULD,
    "ENV holds no credentials and no secrets",
    job=None,
    clause="A program's calls are signed with the credentials of the job's role, which are found only where the "
    "environment holds no others; whoever can pull the image reads its environment.",
    spec=SDK / "standardized-credentials",
    basis=OBSERVED,
    remedy="Remove them from the Dockerfile, and replace them, since they stay in the image's history; let the program "
    "use the role's credentials, and read other secrets from AWS Secrets Manager.",
    reproduce=INSPECT,
)
def no_secrets(image: Image) -> Iterator[str]:
    """By the names of variables; their values are not repeated here or in any report."""
    for name, value in sorted(image.environment.items()):
        if name in AWS_CREDENTIALS and value:
            yield f"Expected no AWS credentials in ENV, and it sets {name}, which outranks the role of the job."
        elif name not in AWS_CREDENTIALS and SECRET_NAME.fullmatch(name) and not NO_SECRET.fullmatch(value):
            yield f"Expected no secrets in ENV, and it sets {name} to a value of {len(value)} characters."


@check(
    "environment.no-fixed-region",
    SHOULD,
    "ENV fixes no AWS region",
    job=None,
    clause="A job runs in one region, and its programs are to call AWS in that one.",
    spec=SDK / "feature-region",
    basis=INFERRED,
    remedy="Leave AWS_REGION and AWS_DEFAULT_REGION out of the image; set them in the request's Environment where a "
    "program needs them.",
    reproduce=INSPECT,
)
def no_fixed_region(image: Image) -> Iterator[str]:
    """A default that an author baked in is right in one region and silently wrong in all others."""
    for name in REGIONS:
        if image.environment.get(name):
            yield f"Expected no region in ENV, and it sets {name}={image.environment[name]}."


@check(
    "environment.reaches-the-program",
    SHOULD,
    "The variables of Environment reach the program that does the work",
    job=STAND_IN,
    sees={Sight.ENDS, Sight.LOGS, Sight.PROCESSES, Sight.WITNESSES},
    clause="The Environment of the request is set as environment variables of the container.",
    spec=BYOC / "byoc-config",
    basis=DOCUMENTED,
    remedy="Start the program with the environment that the container has: no `env -i`, no `su -`, no `sudo` without "
    "`--preserve-env`, no `subprocess.run(..., env={...})` without `**os.environ`.",
)
def reaches_the_program(image: Image, good: Outcome, seen: Outcome) -> Iterator[str]:
    """Judged by a stand-in, and by variables that no wrapper knows: those of the job's own it may change on purpose."""
    own = good.request.environment
    given = {name: value for name, value in seen.request.environment.items() if name not in own}
    if not given:
        raise DoesNotApply("the job cannot be given further variables: it has as many as it may have")
    for before, host in zip(good.hosts, seen.hosts, strict=True):
        witness = witness_of(before, host)
        got = witness.environment
        lacking = [name for name in given if name not in got]
        changed = [name for name, value in given.items() if name in got and got[name] != value]
        found = [f"lacks {some_of(lacking)}"] if lacking else []
        found += [f"has other values for {some_of(changed)}"] if changed else []
        if found:
            yield (
                f"Expected {len(given)} unusual variables to reach {list(witness.argv[:2])} on {host.name}, and it "
                f"{' and '.join(found)}."
            )
