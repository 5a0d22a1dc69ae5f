"""`processing-conformance verify` and `badge`: what they say of bundles, and with which exit status."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from conformance.certificate.rejected import Rejected
from conformance.commands import again
from conformance.commands.main import main
from conformance.reports import names
from tests.certificate.forging import packed
from tests.support.certifying import Certified, certified
from tests.support.chromium import CHROMIUM, dom
from tests.support.outcomes import host, outcome
from tests.support.reports import report

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(name="made", scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory, tag: Callable[[str], str]) -> Certified:
    """A real certificate."""
    return certified(tmp_path_factory, tag)


def forged(made: Certified, place: Path) -> Path:
    """A bundle with a log that was edited."""
    files = made.files
    return packed({**files, names.JUNIT: files[names.JUNIT] + b" "}, place)


@pytest.mark.engine
def test_a_bundle_is_verified_by_its_digest(made: Certified, capsys: pytest.CaptureFixture[str]) -> None:
    """Of whatever repository; what is certified is told, and what no bundle can show."""
    digest = made.image.partition("@")[2]

    assert 0 == main(["verify", str(made.bundle), f"--image=mirror.example.com/image@{digest}"])

    said = capsys.readouterr().out.splitlines()
    assert "verified: Word count 1.2 of Example (conformance@example.com)" == said[0]
    assert f"image {made.image}" == said[1]
    assert said[2].startswith("profile processing 1.0, contract 2026.11, ")
    assert "jobs reference, whose requests are in the bundle" == said[3]
    assert " valid until " in said[4]
    assert said[5].startswith("Nobody can tell from a bundle alone whether its outcomes were made up")


@pytest.mark.engine
@pytest.mark.parametrize("command", ["verify", "badge"])
def test_a_forged_one_is_rejected(
    command: str, made: Certified, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With status 1 and one line, and no badge is made of it."""
    monkeypatch.chdir(tmp_path)

    assert 1 == main([command, str(forged(made, tmp_path))])

    assert "rejected: V03: junit.xml is not the file of SHA256SUMS: its digest differs\n" == capsys.readouterr().err
    assert [names.CERTIFICATE] == [file.name for file in tmp_path.iterdir()]


@pytest.mark.engine
@pytest.mark.parametrize(
    ("image", "said"), [("x@sha256:1", "x@sha256:1 is sha256:1, and not sha256:"), (None, " is known to no registry, ")]
)
def test_another_image_is_not_the_certified_one(
    image: str | None, said: str, made: Certified, tag: Callable[[str], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither by its digest nor on the engine."""
    assert 1 == main(["verify", str(made.bundle), f"--image={image or tag('reference')}"])

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("rejected: V07: ")
    assert said in line


@pytest.mark.engine
def test_a_badge_is_made_of_what_was_verified(
    made: Certified, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a line of Markdown, in which no path ends the link."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(made.bundle, tmp_path / "a) b.tar.gz")

    assert 0 == main(["badge", "a) b.tar.gz"])

    line = "[![SageMaker Processing: conforms to 2026.11](./conformance.svg)](./a%29%20b.tar.gz)\n"
    assert line == capsys.readouterr().out
    svg = ET.parse(tmp_path / "conformance.svg").getroot()  # noqa: S314 - written just now
    assert ["SageMaker Processing", "conforms to 2026.11"] == [each.text for each in svg.iter(f"{SVG}text")]
    assert f"{made.image}" in str(svg.findtext(f"{SVG}title"))
    if CHROMIUM is not None:
        assert "conforms to 2026.11" in dom(tmp_path / "conformance.svg", tmp_path / "profile")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["verify", "nowhere.tar.gz"], "nowhere.tar.gz: expected a bundle, but it cannot be read: No such file"),
        (["verify", "x", "--s3=s3"], "--s3 and --report: expected --again as well, which checks the image again"),
        (["badge"], "the following arguments are required: BUNDLE"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit status 4."""
    assert 4 == main(arguments)

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"processing-conformance: {said}")


def changed(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """A report with other members."""
    return {**report(), **members}


FRESH = [
    ("another image", changed(image={"digest": "sha256:3"}), "image: certified with sha256:2222"),
    ("other inputs", changed(inputs={"sha256": "0"}), "inputs: certified with None, checked again with "),
    ("another profile", changed(profile={"name": "image"}), "profile: certified with "),
    ("a check less", changed(verdicts=report()["verdicts"][1:]), "image.platform: certified as conforms, now None"),
    (
        "a violation",
        report(outcome(host(exit_code=1))),
        "exit.zero-on-success: certified as conforms, now violates",
    ),
]


@pytest.mark.parametrize(("fresh", "said"), [each[1:] for each in FRESH], ids=[each[0] for each in FRESH])
def test_what_comes_out_otherwise_again_is_rejected(fresh: dict[str, Any], said: str) -> None:
    """For each verdict that differs, in one sentence."""
    with pytest.raises(Rejected, match="V25: ") as caught:
        again.compare(report(), fresh)

    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_comes_out_as_before_is_none_the_worse() -> None:
    """Whatever else differs, such as times."""
    assert [] == again.compare(report(), json.loads(json.dumps(changed(session=None, runs=[]))))


def judged(word: str, *, applies: bool = True) -> dict[str, Any]:
    """A report in which the first check has another verdict."""
    document = report()
    document["verdicts"][0] |= {"verdict": word, "applies": applies}
    return document


@pytest.mark.parametrize(
    ("before", "now", "is_excused"),
    [
        (judged("not judged", applies=False), judged("conforms"), True),
        (judged("conforms"), judged("not judged", applies=False), True),
        (judged("advised"), judged("not judged", applies=False), True),
        (judged("conforms"), judged("not judged"), False),
        (judged("not judged", applies=False), judged("advised"), False),
        (judged("not judged", applies=False), judged("error"), False),
        (judged("advised"), judged("conforms"), False),
    ],
)
def test_whether_a_clause_applies_may_depend_on_the_machine(
    before: dict[str, Any],
    now: dict[str, Any],
    is_excused: bool,  # noqa: FBT001 - a parameter of pytest's
) -> None:
    """As where a job ends before it can be stopped; that is told, and what is found is not excused by it."""
    if is_excused:
        assert [said.split(":")[0] for said in again.compare(before, now)] == [before["verdicts"][0]["check"]]
    else:
        with pytest.raises(Rejected, match="V25: "):
            again.compare(before, now)
