"""JUnit: pytest writes the file, with a check's chapter as class and the rest of its id as name.

What is added afterwards is what pytest cannot know or a strict reader would not take: the image that was checked as the
suite's name and properties, what a skipped check is (advice, not applicable, not judged) as the type and message of
`<skipped>`, and the end of the log behind a finding; and never `file` or `line`, which pytest writes where a project
asks it for another dialect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from junitparser import Failure, JUnitXml, Skipped, TestCase, TestSuite

from conformance import text
from conformance.reports import directory
from conformance.reports.document import Report
from conformance.verdict.verdict import Verdict
from conformance.verdict.waivers import Result

CLASS = "processing."
"""What the class names of all checks begin with."""

OUTPUT_CHARACTERS = 4_000
"""The most of a log that a test case holds; `logs/` has all of it."""


def finish(path: Path, place: Path, report: Report) -> tuple[Path, ...]:
    """Complete the JUnit file that pytest wrote, and see that a copy is in the report's directory, `place`.

    Returns the files that there are now; none if pytest wrote none.
    """
    # What stands behind a link such as /dev/stdout is written to, and is no file to be completed.
    if path.is_symlink() or not path.is_file():
        return ()
    document = report.document
    properties = {
        "image.reference": document["image"]["reference"],
        "image.digest": document["image"]["digest"],
        "engine": document["service"]["engine"],
        "gpu": ", ".join(document["gpu"]["given"]) or "none",
        "contract": document["contract"],
        "profile": document["profile"]["name"],
        "profile.version": document["profile"]["version"],
        "profile.sha256": document["profile"]["sha256"],
        "tool": f"{document['tool']['name']} {document['tool']['version']}",
    }
    named = dict(_by_name(report.verdicts))
    suites = JUnitXml.fromfile(str(path))
    for suite in suites:
        # A project may have named its suite by `junit_suite_name`.
        if suite.name == "pytest":
            suite.name = text.line(document["image"]["reference"])
        for name, value in properties.items():
            # What is no character of XML would make the whole file unreadable.
            suite.add_property(name, text.line(value))
        for case in suite:
            for attribute in ("file", "line"):
                case._elem.attrib.pop(attribute, None)  # noqa: SLF001 - junitparser has no way to drop an attribute
            verdict = named.get(f"{case.classname}.{case.name}")
            if verdict is not None:
                _complete(case, verdict, report.logs)
        _add_waivers(suite, report.waivers)
    files = tuple(dict.fromkeys((place / directory.JUNIT, path)))
    for file in files:
        with directory.whole(file) as beside:
            suites.write(str(beside))
    return files


def _add_waivers(suite: TestSuite, waivers: Sequence[Result]) -> None:
    """A failure for each that fails the session, which no check stands for."""
    for each in waivers:
        if each.is_stale:
            case = TestCase(f"line-{each.waiver.line}", f"{CLASS}waivers")
            case._elem.set("time", "0.000")  # noqa: SLF001 - junitparser writes 0.0, which pytest never does
            case.result = [Failure(text.sentence(str(each)), str(each.state))]
            suite.append(case)  # type: ignore[no-untyped-call] # junitparser
            suite.tests += 1
            suite.failures += 1


def _by_name(verdicts: Sequence[Verdict]) -> Iterator[tuple[str, Verdict]]:
    """Each verdict by the class and the name of its test case, which has the job's where there are several."""
    for verdict in verdicts:
        yield f"{CLASS}{verdict.check.id}", verdict
        yield f"{CLASS}{verdict.check.id}[{verdict.request}]", verdict


def _complete(case: TestCase, verdict: Verdict, logs: Mapping[str, str]) -> None:
    for result in case.result:
        if isinstance(result, Skipped):
            result.type = verdict.label
            said = verdict.violations[0] if verdict.violations else verdict.reason
            if verdict.waived is not None:
                waiver = verdict.waived.by[0]
                said = f"until {waiver.expires} by {waiver.owner}: {waiver.reason}: {said}"
            result.message = f"{verdict.label}: {text.sentence(said)}"
            result.text = verdict.text
    output = _output(verdict, logs)
    if output:
        case.system_out = output


def _output(verdict: Verdict, logs: Mapping[str, str]) -> str:
    """The end of the log of the run that showed a finding, under its name; empty if there is none."""
    for name in verdict.logs[-1:]:
        for path, content in logs.items():
            if name.endswith(path):
                return text.lines(f"{name}:\n{content[-OUTPUT_CHARACTERS:]}")
    return ""
