"""Sessions whose jobs run on AWS, which here is the served API with its own containers."""

from __future__ import annotations

from collections.abc import Callable

from conformance.checks import load_checks
from conformance.rule.declaration import OnAws
from tests.conftest import ROOT, Ran, declared_failure, declared_options, job_of, reference_job
from tests.support.served import Clients

BUCKET = "conformance-runs"

OPTIONS = ("--image-service=aws", f"--image-bucket={BUCKET}/sessions", "--image-yes")

SHOWN = frozenset(check.id for check in load_checks() if not check.sees or check.on_aws is not OnAws.NO)
"""The checks that may be judged there."""

LOCAL_ONLY = ("--image-aws", "--image-network", "--image-gpu", "--image-grace")
"""Options of an image's label that mean nothing there."""

SKLEARN = ROOT / "fixtures/sklearn"

EXAMPLES = {
    "reference": reference_job(),
    "examples/sklearn": (f"--image-job={SKLEARN / 'job.json'}", f"--image-s3={SKLEARN / 's3'}"),
    "examples/wordcount": reference_job(job=ROOT / "fixtures/wordcount/job.json"),
}
"""The images that conform, each with its job."""

FAILS = "exit.zero-on-success"

WITHOUT_ETH0 = {"sound/names-eth0-in-its-environment"}
"""Images that fail because it is no real AWS that runs the jobs: a served container on one host has no eth0."""

OF_OWNERS = "outputs.writable-by-user"
"""What also fails for that reason: the directories below /opt/ml are root's, which on AWS nobody knows beforehand."""

INSTEAD = {
    "outputs.declared-outputs-written": {"outputs.no-symlinks", "image.volume-under-opt-ml"},
    "exit.empty-input-noticed": {"exit.nonzero-on-failure"},
}
"""What is advised there where an engine shows the flaw itself: of files that are not uploaded, and of a failure that
process 1 does not tell of, all that AWS shows is that outputs are missing."""

Conformance = Callable[..., Ran]


def judge(name: str, tag: str, aws: Clients, conformance: Conformance) -> Ran:
    """A session on an image of the project's with its job."""
    options = EXAMPLES.get(name) or (
        *reference_job(job=job_of(name)),
        *(each for each in declared_options(name) if not each.startswith(LOCAL_ONLY)),
    )
    return conformance(tag, *options, *OPTIONS, environment=dict(aws.server.environment))


def differences(name: str, ran: Ran) -> list[str]:
    """Where it says otherwise than the image's label, by which a session on an engine is tested; nothing judged is one.

    A label names what the image fails; whatever else is judged there conforms.
    """
    expected = declared_failure(name) if name not in EXAMPLES else set()
    may_fail = {check for check, flaws in INSTEAD.items() if flaws & expected}
    if OF_OWNERS in expected:
        may_fail.add(FAILS)
    if name in WITHOUT_ETH0:
        expected = expected | {FAILS}
    found = []
    for each in ran.report["verdicts"]:
        fails = each["verdict"] in {"violates", "advised"}
        if each["verdict"] == "error" or (fails and each["check"] not in expected | may_fail):
            found.append(f"{each['check']} {each['verdict']}: {each['violations'] or each['reason']}")
        if each["verdict"] == "conforms" and each["check"] in expected:
            found.append(f"{each['check']} conforms")
    if not any(each["verdict"] == "conforms" for each in ran.report["verdicts"]):
        found.append("nothing conforms")
    return found


def left(aws: Clients) -> list[str]:
    """The objects that are still there."""
    return [each["Key"] for each in aws.objects.list_objects_v2(Bucket=BUCKET).get("Contents", ())]
