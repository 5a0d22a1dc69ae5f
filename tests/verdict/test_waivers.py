"""A waiver holds for the violation that is known, and for no other; one that nobody needs fails the session."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.checks import load_checks
from conformance.errors import UsageError
from conformance.verdict import waiverfile
from conformance.verdict.profiles import ExitStatus, Scope, exit_status
from conformance.verdict.verdict import Verdict, Word
from conformance.verdict.waiver import Waiver
from conformance.verdict.waivers import STALE, State, Waivers
from tests.support.outcomes import image
from tests.support.profiles import own

CHECKS = load_checks()
TODAY = date(2026, 11, 28)
CHECK = CHECKS["image.has-command"]
IMAGE = image()
FINDINGS = ("Expected a command, but there is none.", "Expected a program, but it got a shell.")

FILE = """\
# Known violations.

[[waiver]]
check = "image.has-command"
image = "team/*"
reason = "TICKET-7: the base image is rebuilt in January"
owner = "team@example.com"
expires = 2027-01-31

[[waiver]]
check = "image.platform"
image = "*"
reason = "TICKET-8"
owner = "team@example.com"
expires = 2027-02-28
contains = "linux/arm64"
"""


def waiver(*, check: str = CHECK.id, of: str = "*", contains: str = "", expires: date = TODAY, line: int = 3) -> Waiver:
    """One that holds today for all images."""
    return Waiver(check, of, "known", "me", expires, contains, "conformance-waivers.toml", line)


def violated(*findings: str, word: Word = Word.VIOLATES) -> Verdict:
    """A verdict on the check of all waivers here."""
    return Verdict(CHECK, word, violations=findings or FINDINGS[:1])


def state(waivers: Waivers, *verdicts: Verdict) -> State:
    """What came of the only waiver once it was applied."""
    (result,) = waivers.results([waivers.applied(verdict, IMAGE) for verdict in verdicts], IMAGE)
    return result.state


@pytest.mark.parametrize("word", Word)
def test_only_what_the_image_does_is_waived(word: Word) -> None:
    """A violation or advice becomes waived and keeps what it was; an error and what was not judged stay."""
    waivers = Waivers((waiver(),), TODAY)
    verdict = Verdict(CHECK, word, violations=FINDINGS[:1] if word in {Word.VIOLATES, Word.ADVISED} else ())
    found = waivers.applied(verdict, IMAGE)

    if word in {Word.VIOLATES, Word.ADVISED}:
        assert (Word.WAIVED, word, waivers.all) == (
            found.word,
            found.waived and found.waived.found,
            found.waived and found.waived.by,
        )
        assert "until 2026-11-28 by me: known (conformance-waivers.toml:3)" in found.text
        assert State.USED is state(waivers, verdict)
    else:
        assert verdict is found


@given(
    st.lists(st.sampled_from(FINDINGS), min_size=1, max_size=3),
    st.lists(st.sampled_from(["", "command", "program", "other"]), max_size=3),
)
def test_each_sentence_has_to_be_covered(findings: list[str], texts: list[str]) -> None:
    """A further violation of the same check is none that anybody knows of."""
    waivers = Waivers(tuple(waiver(contains=text) for text in texts), TODAY)
    covered = all(any(text in finding for text in texts) for finding in findings)

    assert (Word.WAIVED if covered else Word.VIOLATES) == waivers.applied(violated(*findings), IMAGE).word


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (waiver(expires=TODAY), Word.WAIVED),
        (waiver(expires=TODAY - timedelta(days=1)), Word.VIOLATES),
        (waiver(check="image.platform"), Word.VIOLATES),
        (waiver(of=IMAGE.digest), Word.WAIVED),
        (waiver(of="sha256:" + "0" * 64), Word.VIOLATES),
        (waiver(of=IMAGE.reference), Word.WAIVED),
        (waiver(of="other/*"), Word.VIOLATES),
    ],
    ids=["its last day", "the day after", "another check", "digest", "another digest", "name", "another name"],
)
def test_when_and_for_what_it_holds(held: Waiver, expected: Word) -> None:
    """Until its last day, for its check and its image."""
    assert expected == Waivers((held,), TODAY).applied(violated(), IMAGE).word


@pytest.mark.parametrize(
    ("pattern", "reference", "matches"),
    [
        ("team/train", "team/train", True),
        ("team/train:latest", "team/train", True),
        ("team/train", "team/train:2", False),
        ("team/train:*", "team/train:2", True),
        ("*/train:*", "localhost:5000/train", True),
        ("team/*", "steam/train", False),
        ("TEAM/*", "team/train", False),
        ("team/train:latest", "team/train@sha256:" + "1" * 64, False),
    ],
)
def test_patterns_of_references(pattern: str, reference: str, *, matches: bool) -> None:
    """As of files in the shell; what has no tag is also known by the tag `latest`."""
    assert matches is waiver(of=pattern).is_of(reference, ())


@pytest.mark.parametrize(
    ("held", "verdicts", "expected"),
    [
        (waiver(), [violated()], State.USED),
        (waiver(), [violated(), Verdict(CHECK, Word.CONFORMS, request="other")], State.USED),
        (waiver(contains="program"), [violated(*FINDINGS)], State.USED),
        (waiver(contains="other"), [violated()], State.UNMATCHED),
        (waiver(of="other"), [violated()], State.UNMATCHED),
        (waiver(expires=TODAY - timedelta(days=1)), [violated()], State.EXPIRED),
        (waiver(expires=TODAY - timedelta(days=1)), [], State.EXPIRED),
        (waiver(), [Verdict(CHECK, Word.CONFORMS)], State.CONFORMS),
        (waiver(), [Verdict(CHECK, Word.CONFORMS), Verdict(CHECK, Word.ERROR)], State.UNDECIDED),
        (waiver(), [Verdict(CHECK, Word.NOT_JUDGED)], State.UNDECIDED),
        (waiver(), [], State.UNDECIDED),
    ],
)
def test_what_came_of_it(held: Waiver, verdicts: list[Verdict], expected: State) -> None:
    """What fails the session, and what cannot be told."""
    assert expected is state(Waivers((held,), TODAY), *verdicts)


def test_one_of_another_image_is_stale_unless_the_file_is_shared() -> None:
    """Then nobody can tell in this session."""
    held = (waiver(of="other"),)

    assert State.UNMATCHED is state(Waivers(held, TODAY), violated())
    assert State.ELSEWHERE is state(Waivers(held, TODAY, is_shared=True), violated())


@given(st.booleans(), st.booleans())
def test_a_stale_one_is_never_0(complete: bool, strict: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever else was found."""
    found = [Verdict(check, Word.CONFORMS) for check in CHECKS]

    assert ExitStatus.VIOLATES == exit_status(own(Scope.IMAGE), found, strict=strict, complete=complete, stale=True)
    assert {State.EXPIRED, State.CONFORMS, State.UNMATCHED} == STALE


def test_waived_advice_does_not_stand_in_for_a_must() -> None:
    """No more than the advice would have."""
    pointing = Verdict(CHECKS["exit.zero-on-success"], Word.NOT_JUDGED, see=CHECK.id)
    waivers = Waivers((waiver(),), TODAY)
    status = {
        word: exit_status(
            own(Scope.PROCESSING), [pointing, waivers.applied(violated(word=word), IMAGE)], strict=False, complete=True
        )
        for word in (Word.VIOLATES, Word.ADVISED)
    }

    assert {Word.VIOLATES: ExitStatus.CONFORMS, Word.ADVISED: ExitStatus.INCOMPLETE} == status


def read(here: Path, text: str) -> Waivers:
    """The waivers in a file of this text."""
    path = here / "waivers.toml"
    path.write_text(text, encoding="utf-8")
    return waiverfile.read(path, CHECKS, today=TODAY)


def test_a_file_of_waivers(tmp_path: Path) -> None:
    """Each with the line of its header."""
    waivers = read(tmp_path, FILE)

    assert [(3, "image.has-command", ""), (10, "image.platform", "linux/arm64")] == [
        (each.line, each.check, each.contains) for each in waivers.all
    ]
    assert date(2027, 1, 31) == waivers.all[0].expires
    assert waivers.all == tuple(Waiver.of(each.described()) for each in waivers.all)
    assert () == read(tmp_path, "# none\n").all


FAULTS = {
    "an unknown id": (
        ("image.platform", "image.platfrom"),
        ":11: no check 'image.platfrom'; did you mean image.platform?",
    ),
    "no owner": (
        ('owner = "team@example.com"\nexpires = 2027-02', "expires = 2027-02"),
        ":10: required member owner is missing",
    ),
    "an empty reason": (('"TICKET-8"', '""'), ":13: reason: expected a text on one line, got ''"),
    "no reason": (('reason = "TICKET-8"\n', ""), ":10: required member reason is missing"),
    "more than a year": (("2027-02-28", "2027-12-01"), ":15: expires: expected a day within a year, got 2027-12-01"),
    "a date in quotes": (
        ("2027-02-28", '"2027-02-28"'),
        ":15: expires: expected a date such as 2026-11-28 without quotes",
    ),
    "a date and time": (
        ("2027-02-28", "2027-02-28T00:00:00"),
        ":15: expires: expected a date such as 2026-11-28 without",
    ),
    "no date": (("2027-02-28", "2027-02-30"), ":15: not valid TOML: "),
    "an unknown member": (
        ("contains", "contain"),
        ":16: expected one of check, image, reason, owner, expires, contains",
    ),
    "a digest that is none": (('"*"', '"sha256:12"'), ":12: image: expected sha256: and 64 hexadecimal digits"),
    "an empty text": (('"linux/arm64"', '""'), ":16: contains: expected a text on one line, got ''"),
    "another table": (
        ('[[waiver]]\ncheck = "image.platform"', '[[waivers]]\ncheck = "image.platform"'),
        ":10: expected [[waiver]], got 'waivers'",
    ),
    "a number": (('"*"', "1"), ":12: image: expected a text on one line, got 1"),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_is_wrong_is_told_with_its_line(case: str, tmp_path: Path) -> None:
    """On one line, which an editor may jump to."""
    (old, new), expected = FAULTS[case]
    assert old in FILE

    with pytest.raises(UsageError) as caught:
        read(tmp_path, FILE.replace(old, new))

    assert f"--image-waivers: {tmp_path / 'waivers.toml'}{expected}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["waiver = 1", "[waiver]\ncheck = 'x'", "waiver = [1]"])
def test_what_is_no_list_of_tables(text: str, tmp_path: Path) -> None:
    """Another form of the same name."""
    with pytest.raises(UsageError, match=r"expected tables \[\[waiver\]\], got"):
        read(tmp_path, text)


def test_a_text_that_looks_like_a_header_hides_only_the_line(tmp_path: Path) -> None:
    """It has as many waivers, of which nobody can tell where they begin."""
    further = r"""
[[waiver]]
check = "image.platform"
image = "*"
reason = '''\
[[waiver]]\
'''
owner = "team@example.com"
expires = 2027-01-01
"""
    text = FILE + further.replace("'''", '"' * 3)

    assert [1, 1, 1] == [each.line for each in read(tmp_path, text).all]
