"""Every string that an image, a request or an engine supplies, hostile, from the checks to what is printed of it."""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from junitparser import JUnitXml

from conformance import text
from conformance.checks import load_checks
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN
from conformance.job.gpu import Choice
from conformance.job.variation import Variation
from conformance.outcome.gpu import Gpus
from conformance.outcome.outcome import Outcome, Stop, Trial
from conformance.reports import junit, terminal
from conformance.reports.document import Recorder, Report
from conformance.reports.reproduce import command_line
from conformance.verdict.profiles import Scope
from tests.support.outcomes import OUTPUT, file, host, image, judged, link, not_started, outcome, process, ran, request
from tests.support.profiles import own

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\u200b\udcff\u3164\r\n::error::PASSED\n##vso[task.complete]"

HERE = Path("conformance-report")


@dataclass(frozen=True)
class Case:
    """An image and the runs of a job that have the string in one place."""

    image: Image = field(default_factory=image)
    runs: tuple[Outcome, ...] = (outcome(),)


def run(**members: object) -> Case:
    """The one host of a job, which failed unless it is said otherwise."""
    return Case(runs=(outcome(host(**{"exit_code": 1, **members})),))  # type: ignore[arg-type] # the fields of Host


def asked(**members: object) -> Case:
    """A job that failed, whose request has this."""
    return Case(runs=(outcome(host(exit_code=1), of=request(**members)),))  # type: ignore[arg-type] # of the request


FAILED = Trial(AS_CHOSEN, alone=False, succeeded=False, said=EVIL)
SUCCEEDED = Trial(AS_CHOSEN, alone=True, succeeded=True, asked=(EVIL,))
GPU = Gpus(wanted=True, lack=EVIL)

SUPPLIED = {
    "a file outside of /opt/ml": run(changed=(f"/tmp/{EVIL}",)),  # noqa: S108 - as a container has it
    "a file among the outputs": Case(runs=(outcome(host(link(f"{OUTPUT}/{EVIL}", "x"))),)),
    "the target of a link": Case(runs=(outcome(host(link(f"{OUTPUT}/x", EVIL))),)),
    "a file of the image": Case(image(file(f"/opt/ml/{EVIL}"))),
    "CMD": Case(image(cmd=[EVIL])),
    "ENTRYPOINT": Case(image(entrypoint=["/bin/sh", "-c", EVIL])),
    "a program that is missing": Case(image(entrypoint=[f"/{EVIL}"])),
    "the name of a variable": Case(image(environment={f"{EVIL}_SECRET_ACCESS_KEY": "x"})),
    "the value of a variable": Case(image(environment={"AWS_REGION": EVIL})),
    "the requirement of a GPU": Case(image(environment={"NVIDIA_REQUIRE_CUDA": EVIL, "CUDA_VERSION": "1"})),
    "the architecture": Case(image(architecture=EVIL)),
    "USER": Case(image(user=EVIL)),
    "VOLUME": Case(image(volumes=(f"/opt/ml/{EVIL}",))),
    "the reference": Case(replace(image(), reference=EVIL)),
    "what the engine said": Case(runs=(outcome(not_started(EVIL)),)),
    "why there is no GPU": Case(runs=(replace(outcome(host(exit_code=1)), gpus=GPU),)),
    "a log": run(stderr=f"Traceback (most recent call last):\nKeyError: {EVIL}".encode("utf-8", "surrogateescape")),
    "how it failed": Case(runs=(replace(outcome(), trials=(FAILED, SUCCEEDED)),)),
    "the message": run(message=EVIL.encode("utf-8", "surrogateescape")),
    "a process that is left": Case(runs=(ran(process(1, 0, "sh", ended=3.0), process(7, 1, EVIL, ended=None)),)),
    "why it was not traced": run(untraced=EVIL),
    "a signal": run(stop=Stop(EVIL, 1.0, killed=False)),
    "an argument of the request": asked(overrides={"ContainerEntrypoint": ["x"], "ContainerArguments": [EVIL]}),
    "a variable of the request": asked(environment={"NVIDIA_VISIBLE_DEVICES": EVIL}),
    "an output of the request": asked(outputs={EVIL: f"{OUTPUT}/{EVIL}"}),
    "an input of the request": asked(inputs={EVIL: f"/opt/ml/processing/{EVIL}"}),
}


def reported(case: Case) -> Report:
    """The report of a session in which every check judged this."""
    recorder, checks = Recorder(), load_checks()
    for check in checks:
        runs = () if check.job is None else case.runs
        several = check.job is not None and any(variation.of_several_hosts for variation in check.job.runs)
        if several or (check.job is not None and Variation.LOOK_AT_GPUS in check.job.runs):
            continue
        verdict = judged(check.id, case.image, *runs)
        shown = command_line(check, case.image, runs[0].request if runs else None, None, HERE)
        recorder.take(recorder.record(replace(verdict, reproduce=shown), runs, seconds=0.0, failed=False))
    return recorder.report(
        checks,
        image=case.image,
        service={"engine": "Docker Engine 28"},
        profile=own(Scope.IMAGE),
        gpu=Choice.AUTO,
        strict=False,
        expected=(),
        tests_failed=0,
        pytest_status=0,
    )


@pytest.mark.parametrize("name", SUPPLIED)
def test_no_string_steers_the_terminal(name: str, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    """Neither in the text of a verdict, nor in the summary: it is shown, with escapes."""
    report = reported(SUPPLIED[name])
    monkeypatch.setattr(pytestconfig.option, "xmlpath", "report/junit.xml")
    printed = io.StringIO()

    reporter = pytest.TerminalReporter(pytestconfig, printed)
    terminal.write(terminal.Screen(reporter), report, kept=[EVIL])

    shown = "\n".join([printed.getvalue(), *(verdict.text for verdict in report.verdicts)])
    assert shown == text.lines(shown)
    assert "owned" in shown.replace(f"kept: {text.line(EVIL)}", "")


@pytest.mark.parametrize("name", SUPPLIED)
def test_no_string_spoils_the_junit_file(name: str, tmp_path: Path) -> None:
    """What is no character of XML is escaped also in what pytest does not write: properties, messages and logs."""
    path = tmp_path / "junit.xml"
    report = reported(SUPPLIED[name])
    cases = (f"<testcase classname='processing.{check.chapter}' name='{check.rest}'>" for check in load_checks())
    listed = "<skipped message='x'>y</skipped></testcase>".join(cases)
    path.write_text(f"<testsuites><testsuite name='pytest'>{listed}</testcase></testsuite></testsuites>")
    told = tuple(replace(verdict, logs=("here/logs/x",)) for verdict in report.verdicts)

    junit.finish(path, tmp_path, replace(report, verdicts=told, logs={"logs/x": EVIL * 1_000}))

    (suite,) = JUnitXml.fromfile(str(path))
    properties = {entry.name: entry.value for entry in suite.properties()}  # type: ignore[no-untyped-call] # junitparser
    assert text.line(report.document["image"]["reference"]) == properties["image.reference"] == suite.name
    shown = [case.system_out for case in suite if case.system_out]
    assert len(report.verdicts) == len(shown)
    assert all(output == text.lines(output) and len(output) < 20 * junit.OUTPUT_CHARACTERS for output in shown)
    messages = [result.message for case in suite for result in case.result if result.type]
    assert messages == [text.line(message) for message in messages]
