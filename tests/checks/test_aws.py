"""Chapter `aws`: what a job asks of AWS, where there is one for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.calls import CREDENTIALS, Call, Calls, Signer
from conformance.outcome.outcome import Host, Outcome
from conformance.verdict.verdict import Word
from tests.support.outcomes import OUTPUT, file, host, image, judged, outcome, request

CREDENTIALS_OF_ROLE = "aws.credentials-of-the-role"
REGION = "aws.region-of-the-job"
ISOLATED = "aws.no-calls-when-isolated"
RETRIES = "aws.retries"

RESULT = file(f"{OUTPUT}/part-1")
OBJECT = "s3://bucket/rows.csv"
KEY = "AKIAIOSFODNN7EXAMPLE"

IN_ISOLATION = request(NetworkConfig={"EnableNetworkIsolation": True})


def call(
    operation: str = "GetObject",
    *,
    service: str = "s3",
    signer: Signer = Signer.ROLE,
    region: str = "us-east-1",
    host: str = "algo-1",
    throttled: bool = False,
) -> Call:
    """A call, signed with a key of somebody else's where the signer is another."""
    return Call(
        host=host,
        at=1.0,
        service=service,
        operation=operation,
        resource=OBJECT if service == "s3" else "",
        signer=signer,
        access_key=KEY if signer is Signer.OTHER else "",
        region=region,
        status=503 if throttled else 200,
        sent=0,
        received=10,
        throttled=throttled,
    )


def calling(
    *calls: Call,
    of: JobRequest | None = None,
    variation: Variation = Variation.AS_REQUESTED,
    ended: Host | None = None,
) -> Outcome:
    """A job that made these calls and succeeded, unless its host is told to have ended otherwise."""
    run = outcome(ended or host(RESULT), of=of, variation=variation)
    return replace(run, calls=Calls(calls, region="us-east-1"))


FETCHED = call("GetCredentials", service=CREDENTIALS, signer=Signer.NOBODY, region="")


@pytest.mark.parametrize("check", [CREDENTIALS_OF_ROLE, REGION, RETRIES])
@pytest.mark.parametrize("run", [outcome(), calling(), calling(FETCHED)], ids=["no-aws", "no-calls", "credentials"])
def test_what_calls_nothing_is_not_looked_at(check: str, run: Outcome) -> None:
    """Nor does a profile require it: to fetch credentials is no call of a service."""
    verdict = judged(check, image(), run)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert ("--image-aws" in verdict.reason) is (run.calls is None)


def test_calls_of_the_role_conform() -> None:
    """So do those that nobody signed, by which public data is read."""
    run = calling(call(), call("ListObjectsV2", signer=Signer.NOBODY, region=""))

    assert Word.CONFORMS is judged(CREDENTIALS_OF_ROLE, image(), run).word


def test_calls_with_another_key_are_advised_against() -> None:
    """Each key is told once, shortened, with what it signed."""
    run = calling(call(), call("PutObject", signer=Signer.OTHER), call("PutObject", signer=Signer.OTHER))
    verdict = judged(CREDENTIALS_OF_ROLE, image(), run)

    assert Word.ADVISED is verdict.word
    (violation,) = verdict.violations
    assert (
        "Expected every call to be signed with the credentials of the job's role, but algo-1 signed s3:PutObject "
        "s3://bucket/rows.csv with the access key AKIA...MPLE."
    ) == violation


def test_a_key_of_the_request_is_told_to_be_so() -> None:
    """Whoever wrote the request can take it out."""
    run = calling(call(signer=Signer.OTHER), of=request(environment={"AWS_ACCESS_KEY_ID": KEY}))

    assert (
        "with the access key AKIA...MPLE from the request." in judged(CREDENTIALS_OF_ROLE, image(), run).violations[0]
    )


@pytest.mark.parametrize(
    "run",
    [
        calling(call()),
        calling(call(region="")),
        calling(call(region="eu-west-1"), of=request(environment={"DATA_REGION": "eu-west-1"})),
        calling(call(region="eu-west-1"), of=request(overrides={"ContainerArguments": ["--region", "eu-west-1"]})),
        replace(calling(call()), calls=Calls((call(),), region="eu-north-1")),
    ],
    ids=["the-job's", "unsigned", "environment", "arguments", "default-of-s3"],
)
def test_the_jobs_region_and_what_the_request_names_conform(run: Outcome) -> None:
    """A client of S3 that was told none has a default, which nobody chose."""
    assert Word.CONFORMS is judged(REGION, image(), run).word


def test_another_region_is_advised_against() -> None:
    """Once for each region, with what was called there."""
    run = calling(call(region="eu-west-1"), call("GetParameter", service="ssm", region="eu-west-1"), call())
    verdict = judged(REGION, image(), run)

    assert Word.ADVISED is verdict.word
    (violation,) = verdict.violations
    assert (
        "Expected calls in the job's region, us-east-1, but algo-1 called s3:GetObject s3://bucket/rows.csv, "
        "ssm:GetParameter in eu-west-1, which the request does not name."
    ) == violation


def test_the_default_of_s3_is_none_of_other_services() -> None:
    """They have no default."""
    run = replace(calling(call("GetParameter", service="ssm")), calls=Calls((call("X", service="ssm"),), region="eu-1"))

    assert Word.ADVISED is judged(REGION, image(), run).word


def test_an_isolated_job_that_calls_nothing_conforms() -> None:
    """Though it could have."""
    reached = calling(FETCHED, of=IN_ISOLATION, variation=Variation.CALLS_OF_ISOLATED)

    assert Word.CONFORMS is judged(ISOLATED, image(), outcome(of=IN_ISOLATION), reached).word


def test_calls_in_spite_of_isolation_are_advised_against() -> None:
    """Whatever came of the job without an AWS in reach."""
    reached = calling(call(), of=IN_ISOLATION, variation=Variation.CALLS_OF_ISOLATED)
    verdict = judged(ISOLATED, image(), outcome(host(exit_code=1), of=IN_ISOLATION), reached)

    assert Word.ADVISED is verdict.word
    assert (
        "Expected no calls of AWS, but where it can be reached, algo-1 calls s3:GetObject s3://bucket/rows.csv.",
    ) == verdict.violations


def test_isolation_without_an_aws_shows_nothing() -> None:
    """It was not there."""
    verdict = judged(ISOLATED, image(), outcome(of=IN_ISOLATION))

    assert (Word.NOT_JUDGED, "the job had no AWS") == (verdict.word, verdict.reason)


def throttled(*calls: Call, ended: Host | None = None) -> Outcome:
    """A run of which the first call was turned away."""
    return calling(call(throttled=True), *calls, variation=Variation.THROTTLED, ended=ended)


def test_a_call_that_is_repeated_conforms() -> None:
    """The job does the same as without being turned away."""
    assert Word.CONFORMS is judged(RETRIES, image(), calling(call()), throttled(call())).word


def test_a_job_that_gives_up_is_advised_against() -> None:
    """With the call that was turned away, and how the job ended."""
    verdict = judged(RETRIES, image(), calling(call()), throttled(ended=host(exit_code=1, stderr="SlowDown\n")))

    assert Word.ADVISED is verdict.word
    (violation,) = verdict.violations
    assert (
        "Expected the same result when s3:GetObject s3://bucket/rows.csv of algo-1 is answered with 503 once, but "
        "algo-1 exited with code 1; stderr says: 'SlowDown'."
    ) == violation


def test_a_job_that_goes_on_without_is_advised_against() -> None:
    """Not to write an output is to do less, whatever the exit code says."""
    less = replace(throttled(), hosts=(host(),))
    verdict = judged(RETRIES, image(), calling(call()), less)

    assert Word.ADVISED is verdict.word
    assert verdict.violations[0].endswith("but nothing was written to output result.")


@pytest.mark.parametrize("other", [calling(), calling(call())])
def test_nothing_turned_away_shows_nothing(other: Outcome) -> None:
    """The program may have called nothing this time."""
    verdict = judged(RETRIES, image(), calling(call()), replace(other, variation=Variation.THROTTLED))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)


def test_a_job_that_fails_anyhow_is_judged_elsewhere() -> None:
    """It shows nothing of retries."""
    verdict = judged(RETRIES, image(), calling(call(), ended=host(exit_code=1)), throttled(ended=host(exit_code=1)))

    assert (Word.NOT_JUDGED, "exit.zero-on-success") == (verdict.word, verdict.see)


def test_each_host_is_told_of_by_itself() -> None:
    """With its own calls."""
    two = outcome(host(RESULT), host(RESULT))
    calls = Calls((call(), call(host="algo-2", signer=Signer.OTHER)), region="us-east-1")
    verdict = judged(CREDENTIALS_OF_ROLE, image(), replace(two, calls=calls))

    assert ["algo-2"] == [word for word in verdict.violations[0].split() if word.startswith("algo-")]
