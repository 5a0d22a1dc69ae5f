"""Profiles are data: the suite's own are what was published, and errors lead to what is wrong in a house's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.checks import load_checks
from conformance.errors import UsageError
from conformance.verdict import tomlfile
from conformance.verdict.profiles import ExitStatus, Profile, Scope, Version, as_announced, exit_status, reading
from conformance.verdict.verdict import Verdict, Word
from tests.conftest import ROOT
from tests.support.profiles import own

CHECKS = load_checks()
HOUSE = """\
# What we ask of every image.
name = "house"
version = "1.3"
session = "image"

[required]
"image.platform" = "1.0"
"image.has-command" = "1.3"
"image.entrypoint-exec-form" = "1.4"
"""


def house(here: Path, text: str = HOUSE) -> Profile:
    """The profile that a file of this text is read as."""
    path = here / "house.toml"
    path.write_text(text, encoding="utf-8")
    return reading.of_house(path, CHECKS)


def test_what_was_published_stays_as_it_is() -> None:
    """A profile that is changed gets a new version, which is added here: `name version sha256`."""
    published = (ROOT / "tests/golden/profiles.txt").read_text(encoding="utf-8").splitlines()

    for scope in Scope:
        profile = own(scope)
        told = f"{profile.name}: {profile.version} {profile.sha256}"
        of_version = [line for line in published if line.startswith(f"{profile.name}: {profile.version} ")]
        assert [told] == of_version
        assert told == [line for line in published if line.startswith(f"{profile.name}: ")][-1]


def test_every_check_is_in_a_profile_and_each_profile_is_of_its_scope() -> None:
    """A new check that nobody required would be a gate that is open."""
    assert {check.id for check in CHECKS} == {check for scope in Scope for check in own(scope).since}
    assert list(Scope) == [own(scope).scope for scope in Scope] == [own(scope).name for scope in Scope]
    assert {f"{scope.replace(', ', '-')}.toml" for scope in Scope} == {
        path.name for path in reading.HERE.glob("*.toml")
    }


def test_a_house_has_its_own(tmp_path: Path) -> None:
    """What its version has reached is required, and what a later one requires is announced."""
    profile = house(tmp_path)

    assert ("house", Version(1, 3), Scope.IMAGE) == (profile.name, profile.version, profile.scope)
    assert ["image.platform", "image.has-command"] == [check for check in profile.since if profile.requires(check)]
    assert ["image.entrypoint-exec-form"] == [check for check in profile.since if profile.announces(check)]


FAULTS = {
    "an unknown id": (
        ('"image.has-command"', '"image.has-comand"'),
        ":8: no check 'image.has-comand'; did you mean image.has-command?",
    ),
    "no quotes": (
        ('"image.has-command"', "image.has-command"),
        ':6: image: expected the id in quotes, as in "image.platform" = "1.0"',
    ),
    "no TOML": (('session = "image"', "session = image"), ":4: not valid TOML: Invalid value"),
    "no end": (('"image.entrypoint-exec-form" = "1.4"\n', '"image'), ":9: not valid TOML: "),
    "an unknown member": (
        ("session =", "sesion ="),
        ":4: expected one of name, version, session, required, got 'sesion'",
    ),
    "no version": (('version = "1.3"\n', ""), ":1: required member version is missing"),
    "a version that is a number": (
        ('"1.3"\nsession', "1.3\nsession"),
        ':3: version: expected a version such as "1.0", got 1.3',
    ),
    "a version of a check": (('"1.4"', '"soon"'), ":9: image.entrypoint-exec-form: expected a version such as"),
    "too far ahead": (
        ('"1.4"', '"1.5"'),
        ":9: image.entrypoint-exec-form: expected at most version 1.4, which follows 1.3, got 1.5",
    ),
    "a name of the suite's": (('"house"', '"image"'), ":2: name: expected a name that is not one of the suite's own"),
    "an empty name": (('"house"', '" "'), ":2: name: expected a text on one line, got ' '"),
    "a session of no kind": (('session = "image"', 'session = "proces"'), ":4: session: expected one of 'image', "),
    "what the session cannot show": (
        ('"image.has-command"', '"hosts.single"'),
        ":8: hosts.single: a session of 'image' cannot show it",
    ),
    "nothing that is required": (
        ('"image.platform" = "1.0"\n"image.has-command" = "1.3"\n', ""),
        ":6: expected at least one check that is required",
    ),
    "a member too many": (
        ('[required]\n"image.platform" = "1.0"', "required = 1"),
        ":7: expected one of name, version,",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_what_is_wrong_is_told_with_its_line(case: str, tmp_path: Path) -> None:
    """On one line, which an editor may jump to."""
    (old, new), expected = FAULTS[case]
    assert old in HOUSE

    with pytest.raises(UsageError) as caught:
        house(tmp_path, HOUSE.replace(old, new))

    assert f"--image-profile: {tmp_path / 'house.toml'}{expected}" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ":1: required member name is missing"),
        (b'name = "\xff"', ":1: not UTF-8 text: invalid start byte"),
        (b"x=" + b"[" * 100_000, ": not valid TOML: nested too deeply"),
        (b"#" * 2_000_000, ": expected at most 1048576 bytes"),
    ],
    ids=["empty", "Latin-1", "nested", "long"],
)
def test_a_file_of_another_kind_is_told_too(content: bytes, expected: str, tmp_path: Path) -> None:
    """Whatever it holds."""
    path = tmp_path / "house.toml"
    path.write_bytes(content)

    with pytest.raises(UsageError) as caught:
        reading.of_house(path, CHECKS)

    assert f"{path}{expected}" in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """As the operating system says it."""
    with pytest.raises(UsageError, match=r"none.toml: cannot be read: No such file or directory"):
        reading.of_house(tmp_path / "none.toml", CHECKS)


@given(st.text(max_size=200))
def test_no_text_is_read_as_anything_but_a_profile_or_an_error(content: str) -> None:
    """Never a traceback."""
    said = ""
    try:
        tomlfile.parse(content.encode("utf-8", "surrogatepass"), "--image-profile", "house.toml")
    except UsageError as error:
        said = str(error)

    assert said.startswith("--image-profile: house.toml") or not said


def test_a_must_that_is_announced_is_advised_and_then_required(tmp_path: Path) -> None:
    """For one minor version; the next one fails by it, and misses its result."""
    announcing = house(tmp_path)
    binding = house(tmp_path, HOUSE.replace('"1.3"', '"1.4"'))
    check = CHECKS["image.entrypoint-exec-form"]
    violated = Verdict(check, Word.VIOLATES, violations=("Expected the exec form.",))
    found = [Verdict(CHECKS[name], Word.CONFORMS) for name in ("image.platform", "image.has-command")]

    def status(profile: Profile, verdict: Verdict) -> ExitStatus:
        return exit_status(profile, [*found, as_announced(profile, verdict)], strict=False, complete=True)

    assert (ExitStatus.CONFORMS, ExitStatus.VIOLATES) == (status(announcing, violated), status(binding, violated))
    open_one = Verdict(check, Word.NOT_JUDGED)
    assert (ExitStatus.CONFORMS, ExitStatus.INCOMPLETE) == (status(announcing, open_one), status(binding, open_one))
    assert "advised: this MUST is required from house 1.4 on" in as_announced(announcing, violated).text
    assert "Expected the exec form." in as_announced(announcing, violated).text


@given(st.sampled_from(list(CHECKS)), st.sampled_from(Word), st.sampled_from(Scope))
def test_only_a_violation_of_what_is_announced_becomes_advice(check: object, word: Word, scope: Scope) -> None:
    """The suite's own profiles announce nothing now, and a check that no profile names is still a violation."""
    verdict = Verdict(check, word)  # type: ignore[arg-type] # drawn from the registry

    assert verdict == as_announced(own(scope), verdict)
    assert verdict == as_announced(replace(own(scope), since={}), verdict)
