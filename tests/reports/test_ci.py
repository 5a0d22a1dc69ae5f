"""What CI services show of a report: Markdown, annotations, SARIF and code quality, of hostile images too."""

from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from sarif_pydantic import Sarif

from conformance import text
from conformance.reports import code_quality, dockerfile, markdown, sarif, workflow
from conformance.reports.dockerfile import Dockerfile
from conformance.session import github
from conformance.verdict.verdict import Word
from tests.reports.page.test_page import HOSTILE, failing, spoiled

BREAKING = (
    *HOSTILE,
    "\n\n# owned\n\n![x](http://tracker.example/x.png) [x](javascript:x) @everyone | a | b |",
    "\n::error file=x::owned\n##[error]owned",
    "</pre></td></table></details>\n\n# owned",
)


@pytest.fixture(name="given")
def _given(tmp_path: Path) -> Dockerfile:
    (tmp_path / "Dockerfile").write_text('FROM a\nENV AWS_REGION=x\nENTRYPOINT ["x"]\n', encoding="utf-8")
    return dockerfile.read(tmp_path / "Dockerfile", "dir, a:b/Dockerfile")


def findings(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The verdicts that CI services show."""
    return [each for each in document["verdicts"] if each["verdict"] in {Word.VIOLATES, Word.ADVISED}]


class Blocks(HTMLParser):
    """The elements of a Markdown file's blocks of HTML."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one, with its attributes."""
        self.tags.append(f"{tag} {sorted(name for name, _ in attrs)}")


@pytest.mark.parametrize("word", BREAKING)
def test_nothing_of_others_is_markup_in_markdown(word: str) -> None:
    """A line that does not begin or end a block of HTML, or stand in one, is the suite's own."""
    content = markdown.render(spoiled(failing(), word))

    own = {"## ❌ SageMaker Processing container conformance", "### Findings"}
    for block in content.split("\n\n"):
        lines = block.strip("\n").splitlines()
        assert len(lines) == 1 or lines[0].startswith(("<details", "<table"))
        assert lines[0] in own or lines[-1] in {"</details>", "</table>"}
        # A blank line would end the block.
        assert all(line.strip() for line in lines)
    plain, hostile = Blocks(), Blocks()
    plain.feed(markdown.render(failing()))
    hostile.feed(content)
    assert set() == set(hostile.tags) - set(plain.tags)


def test_markdown_is_never_larger_than_it_may_be() -> None:
    """Of very many findings the first are told, and how many more there are."""
    document = failing()
    (finding, *_) = findings(document)
    document["verdicts"] += [finding | {"violations": [f"{number} " + "<" * 1_900] * 9} for number in range(2_000)]

    content = markdown.render(document)

    assert markdown.MOST_BYTES / 3 < len(content.encode()) <= markdown.MOST_BYTES
    assert "more findings are in report.json" in content


def test_the_summary_is_appended_while_it_fits(tmp_path: Path) -> None:
    """What others wrote there stays; nowhere is anything written without a runner."""
    summary = tmp_path / "summary.md"
    summary.write_text("theirs\n", encoding="utf-8")

    github.add_summary(failing(), {github.SUMMARY: str(summary)})
    github.add_summary(failing(), {})

    assert f"theirs\n{markdown.render(failing())}" == summary.read_text(encoding="utf-8")
    full = "x" * markdown.MOST_BYTES
    summary.write_text(full, encoding="utf-8")
    github.add_summary(failing(), {github.SUMMARY: str(summary)})
    assert full == summary.read_text(encoding="utf-8")


def test_each_finding_is_annotated_at_its_line(given: Dockerfile) -> None:
    """On a runner alone; what could be taken for syntax is encoded."""
    document = failing()
    printed = list(github.commands(document, given, {github.ACTIONS: "true"}))

    assert len(findings(document)) == len(printed)
    levels = {Word.VIOLATES: "error", Word.ADVISED: "warning"}
    for line, verdict in zip(printed, findings(document), strict=True):
        place = 2 if verdict["check"] == "environment.no-fixed-region" else 3
        begins = f"::{levels[Word(verdict['verdict'])]} file=dir%2C a%3Ab/Dockerfile,line={place},endLine={place},"
        assert line.startswith(f"{begins}title={verdict['check']}::Expected ")
    assert [] == list(github.commands(document, given, {}))
    assert [] == list(github.commands(document, None, {github.ACTIONS: "true"}))


@pytest.mark.parametrize("word", BREAKING)
def test_no_finding_begins_a_command_of_its_own(word: str, given: Dockerfile) -> None:
    """Each command is one line, with a message that is harmless to a terminal."""
    document = spoiled(failing(), word)
    for line, plain in zip(workflow.commands(document, given), workflow.commands(failing(), given), strict=True):
        command, _, message = line.removeprefix("::").partition("::")
        assert [line] == line.splitlines()
        assert message.replace("%25", "%") == text.line(message.replace("%25", "%"))
        assert plain.removeprefix("::").partition("::")[0].partition("title=")[0] == command.partition("title=")[0]
        assert not set(":,") & set(command.partition("title=")[2])


@pytest.mark.parametrize("word", ["", *BREAKING])
def test_sarif_is_valid(word: str, given: Dockerfile) -> None:
    """By the model of its types, with each finding as the result of its rule, at the same fingerprint each time."""
    document = spoiled(failing(), word)
    for place in (None, replace(given, path="a b/Dockerfile")):
        content = json.loads(sarif.render(document, place))

        Sarif.model_validate(content)
        (run,) = content["runs"]
        rules = run["tool"]["driver"]["rules"]
        found = findings(document)
        assert [each["check"] for each in found] == [result["ruleId"] for result in run["results"]]
        assert [each["check"] for each in found] == [rules[result["ruleIndex"]]["id"] for result in run["results"]]
        prints = {result["partialFingerprints"]["conformance/v1"] for result in run["results"]}
        assert len(found) == len(prints)
        for result in run["results"]:
            (location,) = result["locations"]
            assert (place is not None) == ("physicalLocation" in location)
            if place is not None:
                assert "a%20b/Dockerfile" == location["physicalLocation"]["artifactLocation"]["uri"]


def test_sarif_tells_of_errors_as_such() -> None:
    """They are no results, and the invocation did not succeed."""
    document = failing()
    document["verdicts"][0] |= {"verdict": "error", "reason": "no space left", "violations": []}

    (run,) = json.loads(sarif.render(document))["runs"]

    (invocation,) = run["invocations"]
    assert not invocation["executionSuccessful"]
    assert ["no space left"] == [each["message"]["text"] for each in invocation["toolExecutionNotifications"]]


@pytest.mark.parametrize("word", ["", *BREAKING])
def test_code_quality_has_what_gitlab_asks_for(word: str, given: Dockerfile) -> None:
    """Description, check, unique fingerprint, severity of its list, and a place (docs.gitlab.com, Code Quality)."""
    document = spoiled(failing(), word)
    for place in (None, given):
        found = json.loads(code_quality.render(document, place))

        assert [each["check"] for each in findings(document)] == [each["check_name"] for each in found]
        assert len(found) == len({each["fingerprint"] for each in found})
        for each in found:
            assert {"description", "check_name", "fingerprint", "severity", "location"} == set(each)
            assert each["severity"] in {"info", "minor", "major", "critical", "blocker"}
            assert each["description"] == text.line(each["description"])
            assert ("Dockerfile" if place is None else place.path) == each["location"]["path"]
            assert each["location"]["lines"]["begin"] >= 1
