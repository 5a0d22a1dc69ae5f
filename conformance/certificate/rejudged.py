"""The report of a certificate: all that follows from its evidence, made anew by whoever makes or verifies it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.certificate.evidence import Evidence
from conformance.checks import load_checks
from conformance.job.request import JobRequest
from conformance.judging import judging
from conformance.judging.replay import Made, Repeated, Replay, UnrecordedError
from conformance.reports import redaction
from conformance.reports.document import Recorder, Report
from conformance.reports.quoting import join
from conformance.rule.declaration import Check
from conformance.verdict.profiles import as_announced, reading, scope_of
from conformance.verdict.verdict import Word

FAILING = {False: {Word.VIOLATES, Word.ERROR}, True: {Word.VIOLATES, Word.ADVISED, Word.ERROR}}
"""What pytest counts as a failure or an error, without and with `--image-strict`."""


@dataclass(frozen=True)
class Stated:
    """What no outcome shows: engine and settings, when and where the session was, and of which objects.

    `seconds` is how long each verdict took, by the ids of check and job.
    """

    service: Mapping[str, Any]
    session: Mapping[str, Any]
    requests: Sequence[Mapping[str, str]]
    inputs: Mapping[str, Any] | None
    seconds: Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Rejudged:
    """The report, and which runs its verdicts needed: those that are not recorded, and those that nobody asked for."""

    report: Report
    missing: Collection[Made | Repeated]
    unused: Collection[Made | Repeated]


def rejudged(evidence: Evidence, requests: tuple[JobRequest, ...], stated: Stated) -> Rejudged:
    """Judge the outcomes by all checks, and make the report of it."""
    checks, image = load_checks(), evidence.image
    runs = {run.key: run.outcome for run in evidence.runs}
    replay = Replay(image, requests, evidence.gpu, evidence.aws, runs)
    profile = reading.own(scope_of(requests, evidence.gpu), checks)
    recorder = Recorder(redaction.of_image(image))
    expected = [(check, request) for check in checks for request in judging.requests_for(check.job, requests)]
    for check, request in expected:
        try:
            shown = judging.Evidence() if check.job is None else judging.evidence(replay, check.job, request)
        except UnrecordedError:
            continue
        found = judging.verdict(replay, check, shown, reproduce=_again(evidence, requests), report=Path())
        verdict = as_announced(profile, found)
        key = check.id, request.name if request is not None else ""
        seconds = stated.seconds.get(key, 0.0)
        failed = verdict.word in FAILING[evidence.strict]
        recorder.take(recorder.record(verdict, shown.outcomes, seconds=seconds, failed=failed))
    report = recorder.report(
        checks,
        image=image,
        service=dict(stated.service),
        profile=profile,
        gpu=evidence.gpu,
        strict=evidence.strict,
        expected=[(check.id, request.name if request is not None else "") for check, request in expected],
        tests_failed=recorder.failures,
        pytest_status=int(recorder.failures > 0),
        circumstances={"session": stated.session, "requests": list(stated.requests), "inputs": stated.inputs},
    )
    return Rejudged(report, replay.used - runs.keys(), runs.keys() - replay.used)


def _again(evidence: Evidence, requests: tuple[JobRequest, ...]) -> judging.Reproduce:
    """A violation is seen again by a session with the requests of the bundle, whose inputs are not in it."""

    def line(check: Check, shown: judging.Evidence) -> str:
        asked = () if check.job is None else requests if shown.request is None else (shown.request,)
        words = ["pytest", f"--image={evidence.image.reference}"]
        words += [f"--image-job={request.source}" for request in asked]
        words += ["--image-s3=DIR"] if asked else []
        return join([*words, *(["--image-aws"] if evidence.aws else []), "-k", check.id])

    return line
