"""What the page shows, in the order in which it shows it: plain data for the template."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from conformance.reports import conclusion
from conformance.reports.conclusion import Conclusion, Document
from conformance.reports.page import shares
from conformance.reports.page.shares import Share
from conformance.reports.quoting import join
from conformance.verdict.verdict import Word

Json = Mapping[str, Any]

BEFORE, AFTER = 7, 4
"""How many lines of a log are shown around the one that is marked."""

DEEPEST = 24
"""How many processes are shown below each other."""

SHOWN_HOSTS = 4
SHOWN_EVIDENCE = 6
"""How many hosts of a run, and of all runs, show what a finding is about."""

SHOWN_SENTENCES = 20
SHOWN_PROCESSES = 40
SHOWN_FILES = 40
SHOWN_COMMAND = 400
LINE_CHARACTERS = 500

TONES_OF_ALL = {
    Conclusion.CONFORMS: "good",
    Conclusion.PASSES: "good",
    Conclusion.VIOLATES: "bad",
    Conclusion.INCOMPLETE: "warn",
    Conclusion.ABORTED: "odd",
}


@dataclass(frozen=True)
class Line:
    """A line of a log with its number, the last line having the number 0; `is_marked` if it tells what went wrong."""

    text: str
    is_marked: bool


@dataclass(frozen=True)
class Excerpt:
    """A part of a log: the stream, the file beside the report that has all of it, and how many lines stand before."""

    stream: str
    file: str
    before: int
    lines: tuple[Line, ...]
    after: int


@dataclass
class Node:
    """A process and those that it started; `depth` is how many stand above it."""

    pid: int
    depth: int
    command: str
    status: int | None
    signals: tuple[str, ...]
    children: list[Node] = field(default_factory=list)


@dataclass(frozen=True)
class Evidence:
    """What one host showed in one run."""

    run: str
    host: str
    command: str
    end: str
    excerpt: Excerpt | None
    roots: tuple[Node, ...]
    untraced: str
    files: tuple[Json, ...]
    files_in_all: int


@dataclass(frozen=True)
class Finding:
    """A verdict with all that there is to say of it; `sentences` are pairs of what was expected and what was seen.

    `waived` says by whom it is answered for.
    """

    verdict: Json
    tone: str
    label: str
    sentences: tuple[tuple[str, str], ...]
    evidence: tuple[Evidence, ...]
    left_out: int
    waived: tuple[str, ...]


@dataclass(frozen=True)
class Chapter:
    """A chapter of the contract with its checks, and how many there are of each verdict."""

    name: str
    checks: tuple[Finding, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Page:
    """The whole page."""

    document: Document
    conclusion: str
    tone: str
    sentence: str
    profile: str
    shares: tuple[Share, ...]
    findings: tuple[Finding, ...]
    chapters: tuple[Chapter, ...]
    reasons: tuple[tuple[str, str, tuple[str, ...]], ...]
    facts: tuple[str, ...]
    entrypoint: str
    cmd: str


def of(document: Document) -> Page:
    """The page of a report."""
    result = conclusion.of(document)
    every = [_finding(document, verdict) for verdict in document["verdicts"]]
    order = [Word.VIOLATES, Word.ERROR, Word.ADVISED, Word.WAIVED]
    findings = [each for word in order for each in every if each.verdict["verdict"] == word]
    return Page(
        document=document,
        conclusion=str(result),
        tone=TONES_OF_ALL[result],
        sentence=conclusion.sentence(document),
        profile=conclusion.profile(document),
        shares=shares.of_counts(document["counts"]),
        findings=tuple(findings),
        chapters=tuple(_chapters(every)),
        reasons=tuple(_reasons(every)),
        facts=conclusion.facts(document),
        entrypoint=_words(document["image"]["entrypoint"]),
        cmd=_words(document["image"]["cmd"]),
    )


def _chapters(every: Sequence[Finding]) -> Iterator[Chapter]:
    by_name: dict[str, list[Finding]] = {}
    for each in every:
        by_name.setdefault(each.verdict["check"].partition(".")[0], []).append(each)
    for name, checks in by_name.items():
        words = [each.verdict["verdict"] for each in checks]
        yield Chapter(name, tuple(checks), {word: words.count(word) for word in Word if word in words})


def _reasons(every: Sequence[Finding]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each reason why checks were not judged, with the word before it and the checks."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in every:
        if each.verdict["verdict"] == Word.NOT_JUDGED:
            found.setdefault((each.label, each.verdict["reason"]), []).append(each.verdict["check"])
    for (label, reason), checks in sorted(found.items(), key=lambda item: -len(item[1])):
        yield label, reason, tuple(checks)


def _finding(document: Document, verdict: Json) -> Finding:
    word = Word(verdict["verdict"])
    label = "not applicable" if word is Word.NOT_JUDGED and not verdict["applies"] else str(word)
    evidence = islice(_evidence(document, verdict), SHOWN_EVIDENCE) if verdict["violations"] else ()
    sentences = tuple(map(_halves, verdict["violations"][:SHOWN_SENTENCES]))
    left_out = len(verdict["violations"]) - len(sentences)
    return Finding(
        verdict, shares.TONES[word], label, sentences, tuple(evidence), left_out, conclusion.answered(verdict)
    )


def _halves(sentence: str) -> tuple[str, str]:
    """What a sentence says was expected, and what was seen; the first is empty where it is of another form."""
    expected, but, seen = sentence.partition(", but ")
    if not but or not expected.startswith("Expected "):
        return "", sentence
    return expected.removeprefix("Expected "), seen


def _evidence(document: Document, verdict: Json) -> Iterator[Evidence]:
    """What the hosts showed in its runs, in the one that shows it first, and of many those that failed."""
    for variation in reversed(verdict["runs"]):
        for run in document["runs"]:
            if run["variation"] == variation and verdict["job"] in {"", run["job"]}:
                hosts = sorted(run["hosts"], key=lambda host: host["exit_code"] in {0, None})
                for host in hosts[:SHOWN_HOSTS]:
                    yield _of_host(run, host)


def _of_host(run: Json, host: Json) -> Evidence:
    return Evidence(
        run=run["variation"],
        host=host["name"],
        command=_command(host["argv"]),
        end=_end(host),
        excerpt=_excerpt(host),
        roots=tuple(_tree(host["processes"][:SHOWN_PROCESSES])),
        untraced=host["untraced"],
        files=tuple(each for each in host["files"] if each["kind"] != "directory")[:SHOWN_FILES],
        files_in_all=host["files_in_all"],
    )


def _end(host: Json) -> str:
    code = host["exit_code"]
    parts = [host["end"] if code is None else f"{host['end']}, exit code {code}"]
    parts += [f"after {host['seconds']:.2f} s"] if host["seconds"] else []
    parts += ["out of memory"] if host["out_of_memory"] else []
    parts += [host["start_error"]] if host["start_error"] else []
    return ", ".join(parts)


def _excerpt(host: Json) -> Excerpt | None:
    """The part of its log around the line that tells most, or the end of what it said."""
    told = host["telling"]
    named = told["stream"] if told else "stderr" if host["stderr"]["bytes"] else "stdout"
    stream = host[named]
    lines = [line[:LINE_CHARACTERS] for line in stream["end"].splitlines()]
    if not lines:
        return None
    marked = next((at for at in reversed(range(len(lines))) if told and lines[at].strip() == told["line"]), None)
    at = len(lines) - 1 if marked is None else marked
    first, last = max(at - BEFORE, 0), min(at + AFTER + 1, len(lines))
    shown = tuple(Line(lines[each], each == marked) for each in range(first, last))
    return Excerpt(named, stream["file"], first, shown, len(lines) - last)


def _tree(processes: Sequence[Json]) -> list[Node]:
    """The processes below those that started them; one whose parent became no program stands by itself."""
    roots: list[Node] = []
    latest: dict[int, Node] = {}
    for process in processes:
        # A number may be given to several processes, one after another.
        parent = latest.get(process["parent"])
        depth = 0 if parent is None else parent.depth + 1
        node = Node(process["pid"], depth, _command(process["argv"]), process["status"], tuple(process["signals"]))
        (roots if parent is None else parent.children).append(node)
        # Below that, all stand beside each other.
        latest[node.pid] = node if depth < DEEPEST else parent or node
    return roots


def _words(argv: Sequence[str]) -> str:
    return json.dumps(argv, ensure_ascii=False) if argv else "none"


def _command(argv: Sequence[str]) -> str:
    line = join(argv)
    return line if len(line) <= SHOWN_COMMAND else f"{line[:SHOWN_COMMAND]} ..."
