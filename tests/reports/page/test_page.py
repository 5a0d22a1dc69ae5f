"""`report.html`: what it shows, and that nothing in it runs or loads but its own script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Stop
from conformance.outcome.timeline import Moment, Step
from conformance.reports import overview_files, page, reading
from conformance.reports.overview import Entry
from tests.conftest import ROOT
from tests.support import chromium
from tests.support.outcomes import file, host, image, outcome, process, query, ran
from tests.support.reports import report

OWNED = "document.title='owned'"

HOSTILE = (
    f"</title></style></script><script>{OWNED}</script>",
    f'"><img src="x" onerror="{OWNED}">',
    f"'><svg onload={OWNED}><svg/onload={OWNED}//",
    f"\" autofocus onfocus={OWNED} x='",
    f"javascript:{OWNED}",
    "{{ 7 * 191 }}{% include '/etc/passwd' %}",
    f"--><script>{OWNED}</script><!--",
    "]]>\x00\x1b]0;x\x07\u202e\u2028\udcff",
)

KEPT = frozenset({"verdict", "level", "basis", "step", "variation", "end", "kind", "status", "runs", "stream"})
"""Members that have the words of the schema, or that a view looks up by their words."""

TIMELINE = (
    Moment(0.1, "algo-1", Step.CREATED),
    Moment(0.2, "algo-1", Step.FILLED),
    Moment(0.2, "", Step.NAMES_ANSWERED),
    Moment(0.3, "algo-1", Step.STARTED),
    Moment(1.2, "algo-1", Step.SIGNAL, "SIGINT"),
    Moment(1.5, "algo-1", Step.ENDED),
    Moment(1.7, "algo-1", Step.REMOVED),
    Moment(1.8, "algo-1", Step.UPLOADED, "2"),
)


def failing() -> dict[str, Any]:
    """The report of a job that failed, with each kind of evidence."""
    ended = host(
        file("/opt/ml/processing/output/result/part-1"),
        exit_code=1,
        stderr="starting\nTraceback (most recent call last):\n  File 'a.py', line 1\nKeyError: 'rows'\n",
        message="no rows",
    )
    stopped = replace(ended, end=End.STOPPED, stop=Stop("SIGINT", 0.3, killed=False))
    traced = ran(process(1, 0, "sh", "run.sh"), process(7, 1, "python3", "a.py", exit_code=3)).hosts[0].trace
    first = replace(ended, trace=traced)
    return report(
        replace(outcome(first, host()), timeline=TIMELINE),
        replace(
            outcome(stopped, host(), queries=[query(1, "algo-2")], variation=Variation.ONE_HOST), timeline=TIMELINE
        ),
        of=image(environment={"AWS_REGION": "eu-west-1"}),
        warnings=["something was left"],
        status=1,
    )


def spoiled(data: Any, word: str, key: str = "") -> Any:  # noqa: ANN401 - any JSON
    """The same data with a word behind every string of it that somebody else may have written."""
    if isinstance(data, str):
        return data if key in KEPT or not data else data + word
    if isinstance(data, list):
        return [spoiled(each, word, key) for each in data]
    if isinstance(data, dict):
        return {
            name: value if name in {"counts", "profile", "schema_version"} else spoiled(value, word, name)
            for name, value in data.items()
        }
    return data


class Elements(HTMLParser):
    """The elements of a page with their attributes."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep one."""
        self.found.append((tag, dict(attrs)))

    @classmethod
    def of(cls, content: str) -> list[tuple[str, dict[str, str | None]]]:
        """All of a page."""
        parser = cls()
        parser.feed(content)
        return parser.found


@pytest.mark.parametrize("word", HOSTILE)
def test_whatever_a_container_says_is_text(word: str) -> None:
    """There is no element and no attribute that the same report has not without it."""
    plain, hostile = page.render(failing()), page.render(spoiled(failing(), word))

    wanted = {(tag, *sorted(attributes)) for tag, attributes in Elements.of(plain)}
    found = {(tag, *sorted(attributes)) for tag, attributes in Elements.of(hostile)}
    assert set() == found - wanted
    assert "1337" not in hostile
    assert "\u202e" not in hostile
    assert hostile.encode()


def handlers(content: str) -> Iterator[str]:
    """What of a page could run or load anything, beside its one script and its one style."""
    for tag, attributes in Elements.of(content):
        for name, value in attributes.items():
            if name.startswith("on") or name in {"src", "style", "srcset", "action", "data"}:
                yield f"{tag} {name}"
            if name == "href" and not (value or "").startswith(("https://", "http://", "#")):
                yield f"{tag} {value}"
        if tag in {"iframe", "object", "embed", "link", "base", "form", "img"}:
            yield tag


SESSIONS = [
    Entry(
        "good", 0, report="a", counts=failing()["counts"], profile=failing()["profile"], checked="2026-11-28T10:01:00Z"
    ),
    Entry("bad", 1, report="b", digest=f"sha256:{'1' * 64}", failing=("exit.zero-on-success",), engine="x", suite="y"),
    Entry("none", 4, said="no such image"),
    Entry("signal", 77),
]


@pytest.mark.parametrize("word", ["", *HOSTILE])
def test_the_page_of_an_overview_shows_all_as_text(word: str) -> None:
    """It has no script, and no link but to pages of reports below it, whatever these directories are called."""
    document = overview_files.document(Path("here"), SESSIONS)
    document = spoiled(document | {"stale_waivers": ["w.toml:1: none"]}, word)
    document["sessions"][0]["page"] = f"a{word}/report.html"
    content = page.render_overview(document)

    wanted = {"./a/report.html", "#content"} if not word else {"#content"}
    links = {attributes["href"] or "" for tag, attributes in Elements.of(content) if "href" in attributes}
    assert wanted <= links
    assert all(link.startswith(("./", "#")) and not set(link) & set("<>\"' :") for link in links)
    found = [tag for tag, attributes in Elements.of(content) if any(name.startswith("on") for name in attributes)]
    tags = [tag for tag, _ in Elements.of(content)]
    assert ([], 0, 0, 1) == (found, tags.count("script"), tags.count("img"), tags.count("style"))
    assert "script-src 'none'" in content.replace("&#39;", "'")
    assert "1 fail, 1 internal error, 1 not run, 1 pass" in content


@pytest.mark.parametrize("word", ["", *HOSTILE])
def test_the_page_loads_nothing_and_runs_its_own_script_alone(word: str) -> None:
    """One script and one style, both named by the policy; no handlers, no inline styles, no links but of the web."""
    content = page.render(spoiled(failing(), word))

    assert [] == list(handlers(content))
    tags = [tag for tag, _ in Elements.of(content)]
    assert (1, 1) == (tags.count("script"), tags.count("style"))
    policy = next(str(attributes["content"]) for tag, attributes in Elements.of(content) if "http-equiv" in attributes)
    parts = re.findall(r"<(style|script)>(.*?)</\1>", content, flags=re.DOTALL)
    (style,), (script,) = ([body for name, body in parts if name == kind] for kind in ("style", "script"))
    assert page.policy(style, script) == policy


def test_the_verdict_comes_first_and_findings_before_the_rest() -> None:
    """Violations before advice, with what was expected and seen, the marked line, the processes and the fix."""
    document = failing()
    content = page.render(document)

    places = [content.index(f"<{what}") for what in ("h1", 'h2 id="findings"', 'h2 id="checks"', 'h2 id="timeline"')]
    assert sorted(places) == places
    assert re.search(r"<h1>.*does not conform", content)
    words = re.findall(r'<article class="finding \w+ filtered" id="[^"]+" data-word="(\w+)"', content)
    assert ["violates", "advised"] == list(dict.fromkeys(words))
    assert "<mark>KeyError: &#39;rows&#39;</mark>" in content
    assert "something was left" in content
    assert '<span class="chip bad">exit 3</span>' in content


def test_every_check_has_its_row() -> None:
    """With its verdict, whatever that is."""
    document = failing()
    content = page.render(document)

    rows = re.findall(r'<details class="check filtered" data-word="([\w ]+)">', content)
    assert sorted(verdict["verdict"] for verdict in document["verdicts"]) == sorted(rows)


def test_headings_and_ids_are_in_order() -> None:
    """As assistive technology reads them: one h1, no level left out, no id twice."""
    elements = Elements.of(page.render(failing()))

    levels = [int(tag[1]) for tag, _ in elements if re.fullmatch(r"h[1-6]", tag)]
    assert 1 == levels[0] == levels.count(1)
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [attributes["id"] for _, attributes in elements if "id" in attributes]
    assert sorted(set(ids), key=str) == sorted(ids, key=str)
    assert all("aria-label" in attributes for tag, attributes in elements if tag == "svg")


def test_a_report_of_version_1_has_a_page() -> None:
    """Without what was not recorded then."""
    content = page.render(reading.read(ROOT / "fixtures/reports/schema-1.json"))

    assert "does not conform" in content
    assert "Timeline of the hosts" not in content


def test_ten_hosts_take_less_than_a_megabyte() -> None:
    """With as many runs as such a session has, each host with processes, files, and as many log lines as are timed."""
    processes = [process(1, 0, "sh", "run.sh"), *(process(pid, 1, "python3", "a.py") for pid in range(2, 30))]
    trace = ran(*processes).hosts[0].trace
    log = replace(host(stdout="a line of the log\n" * 400).stdout, times=tuple(at / 100 for at in range(200)))
    files = [file(f"/opt/ml/processing/output/result/part-{number}") for number in range(100)]
    one = replace(host(*files, exit_code=1), trace=trace, stdout=log, stderr=replace(log, times=log.times[:20]))
    runs = [
        replace(
            outcome(*[one] * 10, variation=variation, queries=[query(1, "algo-2", at / 9) for at in range(200)]),
            timeline=tuple(replace(each, host=f"algo-{number}") for number in range(1, 11) for each in TIMELINE),
        )
        for variation in list(Variation)[:20]
    ]
    content = page.render(report(*runs, status=1))

    assert 10 * len(runs) == content.count('<text class="host"')
    assert len(content.encode()) < 1_000_000


@pytest.mark.parametrize("many", [1, 24, 90])
def test_processes_below_each_other_are_shown_to_a_bound(many: int) -> None:
    """A shell that runs itself makes more than can be read, or drawn."""
    chain = [process(pid, pid - 1, "sh", "-c", f"./again {pid}") for pid in range(1, many + 1)]
    ended = ran(*chain)
    failed = replace(ended, hosts=(replace(ended.hosts[0], exit_code=1),))
    content = page.render(report(failed))

    shown = content[: content.index('<h2 id="checks"')]
    assert shown.count('<details class="tree"')
    assert min(many, 40) * shown.count('<details class="tree"') == shown.count("./again")


@pytest.mark.skipif(chromium.CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_no_script_of_others_runs_in_a_browser(tmp_path: Path) -> None:
    """The page's own script does; that of a hostile container does not, even where nothing were escaped."""
    every = "".join(HOSTILE[:-1])
    content = page.render(spoiled(failing(), every))
    unescaped = page.render(failing()).replace("something was left", every)
    control = f"<!DOCTYPE html><title>control</title><body>{HOSTILE[1]}"
    shown = {}
    for name, each in {"hostile": content, "unescaped": unescaped, "control": control}.items():
        (tmp_path / f"{name}.html").write_text(each, encoding="utf-8")
        shown[name] = chromium.dom(tmp_path / f"{name}.html", tmp_path / "profile")

    assert "<title>owned</title>" in shown["control"]
    for name in ("hostile", "unescaped"):
        assert "<title>owned</title>" not in shown[name]
    # It shows what needs the script only where that has run.
    assert '<nav class="tools" aria-label="Filter">' in shown["hostile"]


def luminance(colour: str) -> float:
    """The relative luminance of a colour `#rrggbb` (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("number", [0, 1], ids=["light", "dark"])
def test_text_has_contrast(number: int) -> None:
    """At least 4.5 to 1, as WCAG 2.2 asks for at level AA, of each colour of text on each ground that it stands on."""
    style = (page.HERE / "style.css").read_text(encoding="utf-8")
    colours = [
        dict(re.findall(r"--([\w-]+): (#\w{6})", block)) for block in re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    ]
    named = colours[number]
    pairs = [(tone, f"{tone}-fill") for tone in ("good", "bad", "warn", "mute", "odd")]
    pairs += [
        (text, ground) for text in ("ink", "soft", "link", "good", "bad", "warn") for ground in ("paper", "ground")
    ]
    pairs += [("ink", "code"), ("soft", "code"), ("ink", "mark")]

    found = {}
    for text, ground in pairs:
        darker, lighter = sorted((luminance(named[text]), luminance(named[ground])))
        found[text, ground] = (lighter + 0.05) / (darker + 0.05)

    assert {} == {pair: ratio for pair, ratio in found.items() if ratio < 4.5}


DRIVEN = """
const search = document.getElementById("search");
const type = (words) => { search.value = words; search.dispatchEvent(new Event("input")); };
const shown = (what) => document.querySelectorAll(`${what}:not([hidden])`).length;
const told = [];
const tell = () => told.push(document.getElementById("shown").value, shown(".check"), shown(".finding"));
tell();
type("zero success"); tell();
type("");
for (const pill of document.querySelectorAll(".pill")) if (pill.dataset.word !== "advised") pill.click();
tell();
type("nothing has these words"); tell();
told.push(document.getElementById("nothing").hidden);
dispatchEvent(new Event("beforeprint"));
told.push(document.querySelectorAll("details:not([open])").length);
document.title = told.join("|");
"""
"""What a reader does: look, search, filter, and print."""


@pytest.mark.skipif(chromium.CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_checks_are_searched_and_filtered(tmp_path: Path) -> None:
    """By words in any order, and by verdict; what is printed is open as a whole."""
    document = failing()
    content = page.render(document)
    # The page's own policy would not let this run.
    driven = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", content)
    file = tmp_path / "driven.html"
    file.write_text(driven.replace("</body>", f"<script>{DRIVEN}</script></body>"), encoding="utf-8")

    found = re.findall(r"<title>(.*?)</title>", chromium.dom(file, tmp_path / "profile"))

    every, advised = len(document["verdicts"]), document["counts"]["advised"]
    findings = advised + document["counts"]["violates"]
    zero = [each for each in document["verdicts"] if each["check"] == "exit.zero-on-success"]
    assert zero[0]["verdict"] == "violates"
    told = found[0].split("|")
    assert [f"{every} checks", str(every), str(findings)] == told[:3]
    assert f"{told[4]} of {every}" == told[3]
    assert 1 <= int(told[4]) < every
    assert 1 <= int(told[5]) <= findings
    assert [f"{advised} of {every}", str(advised), str(advised)] == told[6:9]
    assert [f"0 of {every}", "0", "0", "false", "0"] == told[9:]
