"""A house's own profile on the command line: what it requires, what it announces, and where it is told."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.conftest import WORKERS, Ran, reference_job

pytestmark = pytest.mark.engine

PLATFORM = '"image.platform" = "1.0"\n'


def house(here: Path, *required: str, session: str = "image") -> str:
    """The option with a file of this content below the directory."""
    (here / "house").mkdir()
    head = f'name = "house"\nversion = "1.0"\nsession = "{session}"\n[required]\n'
    (here / "house/gate.toml").write_text(head + "".join(required), encoding="utf-8")
    return "--image-profile=house/gate.toml"


@pytest.mark.parametrize("by", ["option", "setting"])
def test_every_report_names_it_with_its_digest(
    by: str, tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """The header, the closing line, report.json and junit.xml; a setting names it from the place of its own file."""
    option = house(tmp_path, PLATFORM)
    if by == "setting":
        (tmp_path / "pytest.ini").write_text("[pytest]\nimage_profile = house/gate.toml\n", encoding="utf-8")
    ran = conformance(tag("reference"), *([option] if by == "option" else []))

    digest = sha256((tmp_path / "house/gate.toml").read_bytes()).hexdigest()
    assert 0 == ran.status, ran.output
    assert {"name": "house", "version": "1.0", "sha256": digest} == ran.report["profile"]
    assert f"conformance: profile house 1.0, sha256:{digest}\n" in ran.output
    assert "- profile house, contract " in ran.output
    (suite,) = JUnitXml.fromfile(str(ran.report_directory / "junit.xml"))
    properties = {entry.name: entry.value for entry in suite.properties()}  # type: ignore[no-untyped-call] # junitparser
    assert ("house", "1.0", digest) == tuple(
        properties[name] for name in ("profile", "profile.version", "profile.sha256")
    )


@pytest.mark.parametrize(
    ("since", "status", "word"), [("1.1", 0, "advised"), ("1.0", 1, "violates")], ids=["announced", "required"]
)
def test_what_is_announced_is_advice(
    since: str, status: int, word: str, tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """For as long as no version requires it; under xdist as without."""
    option = house(tmp_path, PLATFORM, f'"reserved.nothing-required" = "{since}"\n')
    for further in ((), WORKERS):
        ran = conformance(tag("flawed/program-below-opt-ml"), option, *further)

        assert word == ran.verdict("reserved.nothing-required")["verdict"]
        assert status == ran.status, ran.output


@pytest.mark.parametrize(
    ("arguments", "session", "required", "expected"),
    [
        (
            (),
            "distributed",
            '"hosts.single" = "1.0"',
            "--image-profile=house: expected a job with several hosts, but the profile of this session is image",
        ),
        (
            reference_job(),
            "processing",
            '"aws.retries" = "1.0"',
            "--image-profile=house: expected --image-aws, since it requires aws.retries",
        ),
    ],
    ids=["hosts", "aws"],
)
def test_what_the_session_would_not_show_is_refused(
    arguments: tuple[str, ...],
    session: str,
    required: str,
    expected: str,
    tmp_path: Path,
    tag: Callable[[str], str],
    conformance: Callable[..., Ran],
) -> None:
    """Else it would not apply, and the gate would be open."""
    ran = conformance(tag("reference"), *arguments, house(tmp_path, required, session=session))

    assert 4 == ran.status
    assert expected in ran.output
