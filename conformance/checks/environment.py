"""The environment: what the image adds to that of every job, and whether the request's variables arrive."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.launch import witness_of
from conformance.image.image import Image
from conformance.job.variation import STAND_IN
from conformance.outcome.outcome import Outcome
from conformance.rule.contract import BYOC, SDK
from conformance.rule.declaration import DOCUMENTED, INFERRED, OBSERVED, SHOULD, DoesNotApply, check
from conformance.rule.evidence import some_of
from conformance.rule.secret import is_credential, is_secret
from conformance.rule.sight import Sight

INSPECT = "docker image inspect --format '{{json .Config.Env}}' IMAGE"

REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


@check(
    "environment.no-secrets",
    SHOULD,
    "ENV contains no credentials or secrets",
    job=None,
    clause="AWS SDKs use the credentials of the job's role only if the environment has no others; anyone who can pull "
    "the image can read its environment.",
    spec=SDK / "standardized-credentials",
    basis=OBSERVED,
    remedy="Remove them from the Dockerfile and rotate them, since they stay in the image's history; use the role's "
    "credentials, and read other secrets from AWS Secrets Manager.",
    reproduce=INSPECT,
)
def no_secrets(image: Image) -> Iterator[str]:
    """Checked by the names of variables; their values never appear in any report."""
    for name, value in sorted(image.environment.items()):
        if is_credential(name, value):
            yield f"Expected no AWS credentials in ENV, but it sets {name}, which takes precedence over the job's role."
        elif is_secret(name, value):
            yield f"Expected no secrets in ENV, but it sets {name} to a value of {len(value)} characters."


@check(
    "environment.no-fixed-region",
    SHOULD,
    "ENV sets no AWS region",
    job=None,
    clause="A job runs in one region, and its programs should call AWS in that region.",
    spec=SDK / "feature-region",
    basis=INFERRED,
    remedy="Remove AWS_REGION and AWS_DEFAULT_REGION from the image; set them in the request's Environment if a "
    "program needs them.",
    reproduce=INSPECT,
)
def no_fixed_region(image: Image) -> Iterator[str]:
    """A default in the image is right in one region and silently wrong in all others."""
    for name in REGIONS:
        if image.environment.get(name):
            yield f"Expected no region in ENV, but it sets {name}={image.environment[name]}."


@check(
    "environment.reaches-the-program",
    SHOULD,
    "The request's environment variables reach the program",
    job=STAND_IN,
    sees={Sight.ENDS, Sight.LOGS, Sight.PROCESSES, Sight.WITNESSES},
    clause="The request's Environment is set as environment variables of the container.",
    spec=BYOC / "byoc-config",
    basis=DOCUMENTED,
    remedy="Start the program with the container's environment: no `env -i`, no `su -`, no `sudo` without "
    "`--preserve-env`, no `subprocess.run(..., env={...})` without `**os.environ`.",
)
def reaches_the_program(image: Image, good: Outcome, seen: Outcome) -> Iterator[str]:
    """Checked with a stand-in and additional variables: a wrapper may change the job's own on purpose."""
    own = good.request.environment
    given = {name: value for name, value in seen.request.environment.items() if name not in own}
    if not given:
        raise DoesNotApply("no variables can be added: the request has the maximum")
    for before, host in zip(good.hosts, seen.hosts, strict=True):
        witness = witness_of(before, host)
        got = witness.environment
        lacking = [name for name in given if name not in got]
        changed = [name for name, value in given.items() if name in got and got[name] != value]
        found = [f"lacks {some_of(lacking)}"] if lacking else []
        found += [f"has different values for {some_of(changed)}"] if changed else []
        if found:
            yield (
                f"Expected {len(given)} unusual variables to reach {list(witness.argv[:2])} on {host.name}, but it "
                f"{' and '.join(found)}."
            )
