"""What a job asks of AWS: with whose credentials, in which region, and what it makes of being turned away.

All of it needs `--image-aws`, by which the containers of a job reach an AWS of the suite's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.image.image import Image
from conformance.job.variation import AS_REQUESTED, CALLS_OF_ISOLATED, THROTTLED
from conformance.outcome.calls import Call, Calls, Signer
from conformance.outcome.outcome import Host, Outcome
from conformance.rule.contract import API, S3, SDK
from conformance.rule.declaration import DOCUMENTED, INFERRED, SHOULD, NotJudged, check
from conformance.rule.evidence import shortfalls, some_of
from conformance.rule.rerun import calls_of
from conformance.rule.sight import Sight

DEFAULT_REGION = "us-east-1"
"""The region of a client of S3 that was told none; so nobody need have chosen it."""

SHOWN_OF_KEY = 4


@check(
    "aws.credentials-of-the-role",
    SHOULD,
    "Calls of AWS use the credentials of the job's role",
    job=AS_REQUESTED,
    sees={Sight.CALLS},
    clause="A job calls AWS with the temporary credentials of its RoleArn, which SDKs find in the container by "
    "themselves.",
    spec=SDK / "feature-container-credentials",
    basis=DOCUMENTED,
    remedy="Remove the access keys from the image, from its configuration files and from the request, revoke them, and "
    "create clients without credentials: the SDK finds those of the role.",
)
def credentials_of_the_role(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by the access key of each call's signature; unsigned calls of public data are nobody's."""
    for host, calls in _of_hosts(outcome, calls_of(outcome)):
        others = [call for call in calls if call.signer is Signer.OTHER]
        for key in dict.fromkeys(call.access_key for call in others):
            named = [str(call) for call in others if call.access_key == key]
            given = " from the request" if key in str(outcome.request.document) else ""
            yield (
                f"Expected every call to be signed with the credentials of the job's role, but {host.name} signed "
                f"{some_of(_once(named))} with the access key {_shown(key)}{given}."
            )


@check(
    "aws.region-of-the-job",
    SHOULD,
    "Calls of AWS go to the job's region",
    job=AS_REQUESTED,
    sees={Sight.CALLS},
    clause="A job runs in one region, which AWS_REGION names, and its programs should call AWS in that region.",
    spec=SDK / "feature-region",
    basis=INFERRED,
    remedy="Pass clients the region of AWS_REGION instead of one in the code, or name the region in the request.",
)
def region_of_the_job(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by the region of each call's signature. One that the request names is the user's own choice."""
    made = calls_of(outcome)
    asked = str(outcome.request.document)
    for host, calls in _of_hosts(outcome, made):
        elsewhere = [call for call in calls if call.region not in {"", made.region} and call.region not in asked]
        elsewhere = [call for call in elsewhere if (call.service, call.region) != ("s3", DEFAULT_REGION)]
        for region in dict.fromkeys(call.region for call in elsewhere):
            named = [str(call) for call in elsewhere if call.region == region]
            yield (
                f"Expected calls in the job's region, {made.region}, but {host.name} called "
                f"{some_of(_once(named))} in {region}, which the request does not name."
            )


@check(
    "aws.no-calls-when-isolated",
    SHOULD,
    "A job with EnableNetworkIsolation does not call AWS",
    job=CALLS_OF_ISOLATED,
    sees={Sight.CALLS},
    clause="With EnableNetworkIsolation the containers of a job cannot make outbound network calls, not even to S3, "
    "and have no credentials.",
    spec=API / "NetworkConfig",
    basis=INFERRED,
    remedy="Declare what the program reads and writes as ProcessingInputs and ProcessingOutputs, which the platform "
    "downloads and uploads; a job that has to call AWS should not set EnableNetworkIsolation.",
)
def no_calls_when_isolated(image: Image, good: Outcome, reached: Outcome) -> Iterator[str]:
    """Shown by a run in which AWS can be reached in spite of isolation: without it, many clients make no call."""
    if reached.calls is None:
        raise NotJudged("the job had no AWS")
    for host, calls in _of_hosts(reached, reached.calls):
        if calls:
            yield (
                f"Expected no calls of AWS, but where it can be reached, {host.name} calls "
                f"{some_of(_once([str(call) for call in calls]))}."
            )


@check(
    "aws.retries",
    SHOULD,
    "A call of AWS that is turned away once is repeated",
    job=THROTTLED,
    sees={Sight.CALLS, Sight.ENDS, Sight.FILES, Sight.LOGS},
    clause="Amazon S3 answers 503 Slow Down to requests that come too fast, and other services their own; clients are "
    "to repeat them.",
    spec=S3 / "optimizing-performance",
    basis=DOCUMENTED,
    remedy="Leave the SDK's retries on (`retries={'max_attempts': ...}`, AWS_MAX_ATTEMPTS), and let programs of your "
    "own repeat a call that is answered with 503 or a throttling error.",
)
def retries(image: Image, good: Outcome, throttled: Outcome) -> Iterator[str]:
    """The first call is turned away, and no other."""
    calls_of(good)
    calls = () if throttled.calls is None else throttled.calls.of_aws
    turned_away = next((call for call in calls if call.throttled), None)
    if turned_away is None:
        raise NotJudged("the job called no AWS when its first call was to be turned away")
    for shortfall in shortfalls(good, throttled):
        yield (
            f"Expected the same result when {turned_away} of {turned_away.host} is answered with {turned_away.status} "
            f"once, but {shortfall}."
        )


def _of_hosts(outcome: Outcome, made: Calls) -> Iterator[tuple[Host, Sequence[Call]]]:
    for host in outcome.hosts:
        yield host, [call for call in made.of_aws if call.host == host.name]


def _once(named: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(named))


def _shown(key: str) -> str:
    """Enough of an access key to find it again; it is an identifier, but of somebody's account."""
    return key if len(key) <= 2 * SHOWN_OF_KEY else f"{key[:SHOWN_OF_KEY]}...{key[-SHOWN_OF_KEY:]}"
