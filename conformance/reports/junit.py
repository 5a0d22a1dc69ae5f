"""JUnit: pytest writes the file, with a check's chapter as class and the rest of its id as name.

What is added afterwards is what pytest cannot know or a strict reader would not take: the image that was checked as the
suite's name and properties, one sentence as the message of each result, what a skipped check is (advice, not
applicable, not judged) as the type of `<skipped>`, and the end of the log behind a finding; and never `file` or `line`,
which pytest writes where a project asks it for another dialect.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite
from junitparser.junitparser import FinalResult

from conformance import text
from conformance.reports import conclusion, directory, names, verdicts
from conformance.reports.conclusion import Document
from conformance.reports.document import Report
from conformance.verdict.verdict import Verdict, Word

CLASS = "processing."
"""What the class names of all checks begin with."""

OF_RESULT = {
    Skipped: (Word.ADVISED, Word.WAIVED, Word.NOT_JUDGED),
    Failure: (Word.VIOLATES, Word.ADVISED),
    Error: (Word.ERROR,),
}
"""The verdicts that pytest may count as skipped, as a failure, and as an error."""

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
    properties = _properties(document)
    named = dict(_by_name(report.verdicts))
    suites = JUnitXml.fromfile(str(path))
    for suite in suites:
        # A project may have named its suite by `junit_suite_name`.
        if suite.name == "pytest":
            suite.name = text.line(document["image"]["reference"])
        for name, value in properties.items():
            # What is no character of XML would make the whole file unreadable.
            suite.add_property(name, text.line(value))
        drop_nameless(suite)
        for case in suite:
            for attribute in ("file", "line"):
                case._elem.attrib.pop(attribute, None)  # noqa: SLF001 - junitparser has no way to drop an attribute
            verdict = named.get(f"{case.classname}.{case.name}")
            if verdict is not None:
                _complete(case, verdict, report.logs)
        _add_waivers(suite, document)
    files = tuple(dict.fromkeys((place / names.JUNIT, path)))
    for file in files:
        with directory.whole(file) as beside:
            suites.write(str(beside))
    return files


def drop_nameless(suite: TestSuite) -> None:
    """Take out what pytest writes of a test that a signal ended before it began: a case without name and class."""
    for case in list(suite):
        if not case.classname:
            suite.remove_testcase(case)


def _add_waivers(suite: TestSuite, document: Document) -> None:
    """A failure for each that fails the session, which no check stands for."""
    for each in conclusion.stale(document):
        case = TestCase(f"line-{each['line']}", f"{CLASS}waivers")
        case.result = [Failure(text.sentence(conclusion.waiver(each)), each["state"])]
        _timed(case, 0)
        # To add it would sum up the times anew.
        suite.append(case)  # type: ignore[no-untyped-call] # junitparser
        suite.tests += 1
        suite.failures += 1


def render(document: Document) -> str:
    """The same file from the document alone: the checks, without other tests that ran beside them."""
    suite = TestSuite(text.line(document["image"]["reference"]))
    for name, value in _properties(document).items():
        suite.add_property(name, text.line(value))
    several = len({record["job"] for record in document["verdicts"]} - {""}) > 1
    logs = {
        host[stream]["file"]: host[stream]["end"]
        for run in document["runs"]
        for host in run["hosts"]
        for stream in ("stdout", "stderr")
        if host[stream]["file"]
    }
    for record in document["verdicts"]:
        verdict = verdicts.of_record(record)
        job = f"[{verdict.request}]" if several and verdict.request else ""
        case = TestCase(text.line(f"{verdict.check.rest}{job}"), text.line(f"{CLASS}{verdict.check.chapter}"))
        result = _result(verdict, strict=document["strict"])
        case.result = [] if result is None else [result]
        _complete(case, verdict, logs)
        _timed(case, record["seconds"])
        suite.add_testcase(case)
    _add_waivers(suite, document)
    if document["session"]:
        # A machine's name is what somebody has set it to.
        suite.timestamp, suite.hostname = (text.line(document["session"][name]) for name in ("began", "host"))
    suites = JUnitXml("pytest tests")
    suites.add_testsuite(suite)
    _timed(suite, sum(record["seconds"] for record in document["verdicts"]))
    content: bytes = suites.tostring()  # type: ignore[no-untyped-call] # junitparser
    return content.decode("utf-8")


def _timed(element: TestSuite | TestCase, seconds: float) -> None:
    """With three decimals, as pytest writes it and a strict reader asks for."""
    element._elem.set("time", f"{seconds:.3f}")  # noqa: SLF001 - junitparser writes a number as Python does


def _result(verdict: Verdict, *, strict: bool) -> FinalResult | None:
    """What pytest makes of a verdict."""
    if verdict.word is Word.ERROR:
        return Error()
    if verdict.word is Word.VIOLATES or (strict and verdict.word is Word.ADVISED):
        return Failure()
    return None if verdict.word is Word.CONFORMS else Skipped()


def _properties(document: Document) -> dict[str, str]:
    return {
        "image.reference": document["image"]["reference"],
        "image.digest": document["image"]["digest"],
        "engine": document["service"]["engine"],
        "gpu": ", ".join(document["gpu"]["given"]) or "none",
        "contract": document["contract"],
        "profile": conclusion.profile(document),
        "profile.version": document["profile"]["version"] or "unknown",
        "profile.sha256": document["profile"]["sha256"] or "unknown",
        "tool": f"{document['tool']['name']} {document['tool']['version']}",
    }


def _by_name(verdicts: Sequence[Verdict]) -> Iterator[tuple[str, Verdict]]:
    """Each verdict by the class and the name of its test case, which has the job's where there are several."""
    for verdict in verdicts:
        yield f"{CLASS}{verdict.check.id}", verdict
        yield f"{CLASS}{verdict.check.id}[{verdict.request}]", verdict


def _complete(case: TestCase, verdict: Verdict, logs: Mapping[str, str]) -> None:
    for result in case.result:
        if isinstance(result, Skipped):
            result.type = verdict.label
        # What another plugin adds, such as an error in tear-down, is none of the verdict's.
        if verdict.word in OF_RESULT.get(type(result), ()):
            said = verdict.violations[0] if verdict.violations else verdict.reason
            if verdict.waived is not None:
                said = f"{verdict.waived.by[0].answer}: {said}"
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
