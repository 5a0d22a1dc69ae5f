"""Many images in one command: each has a session and a report of its own, and the overview leaves none out."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docker
import pytest
import xmlschema
from jsonschema import Draft202012Validator

from conformance.service.address import DEFAULT_URL
from tests.conftest import REFERENCE_S3, ROOT, Ran, clean_environment
from tests.support.engine_proxy import answering_engine
from tests.support.jobs import request
from tests.support.leftovers import SLEEPING, descendants, owned_by

pytestmark = pytest.mark.engine

FLAWED = "flawed/program-below-opt-ml"
PROGRAM = Path(sys.executable).parent / "processing-conformance"
SCHEMA = ROOT / "conformance/reports/overview.schema.json"
FEW = ("-k", "image.platform or nothing-required")
TIMEOUT_SECONDS = 240


def overview(place: Path) -> dict[str, Any]:
    """The overview in a directory, after it and its JUnit file were found valid."""
    xmlschema.XMLSchema(str(ROOT / "fixtures/junit/strict.xsd")).validate(str(place / "junit.xml"))
    document: dict[str, Any] = json.loads((place / "overview.json").read_text(encoding="utf-8"))
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(document)
    return document


def statuses(document: dict[str, Any]) -> dict[str, int]:
    """The exit status of each image's session."""
    return {each["image"]: each["exit_status"] for each in document["sessions"]}


def merged(here: Path, *arguments: str | Path) -> tuple[int, str]:
    """What `processing-conformance merge` comes to and says."""
    command = [str(PROGRAM), "merge", *map(str, arguments)]
    ran = subprocess.run(command, cwd=here, env=clean_environment(), capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@pytest.mark.parametrize("further", [(), ("-n", "2")], ids=["plain", "xdist"])
def test_each_image_has_its_report_and_all_have_one_overview(
    further: tuple[str, ...], tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """One that cannot be had leaves no report, and is told of all the same; the worst status is that of all."""
    good, bad, none = tag("reference"), tag(FLAWED), "conformance/no-such-image"
    (tmp_path / "images.txt").write_text(f"# ours\n{bad}\n{none}\n", encoding="utf-8")
    old = tmp_path / "conformance-report/old"
    old.mkdir(parents=True)
    for name in ("report.json", "session.log"):
        (old / name).touch()
    stale = tmp_path / "conformance-report" / none.replace("/", "-") / "report.json"
    stale.parent.mkdir()
    stale.touch()
    ran = conformance(good, "--images-from=images.txt", *FEW, *further)

    assert 1 == ran.status, ran.output
    document = overview(ran.report_directory)
    assert {good: 0, bad: 1, none: 4} == statuses(document)
    places = {each["image"]: each["report"] for each in document["sessions"]}
    assert "" == places[none]
    for image in (good, bad):
        report = json.loads((ran.report_directory / places[image] / "report.json").read_text(encoding="utf-8"))
        assert (image, 2) == (report["image"]["reference"], len(report["verdicts"]))
    assert f"{bad} fails reserved.nothing-required\n" in ran.output
    assert "1 of 3 sessions passed (exit status 1)\n" in ran.output
    assert not (old / "report.json").exists()
    assert not stale.exists()
    page = (ran.report_directory / "overview.html").read_text(encoding="utf-8")
    assert all(f'<a href="./{places[image]}/report.html">{image}</a>' in page for image in (good, bad))

    status, said = merged(tmp_path, "conformance-report")
    assert (1, statuses(document)) == (status, statuses(overview(tmp_path / "conformance-overview"))), said
    assert "1 of 3 sessions passed (exit status 1)\n" in said


def test_reports_of_many_machines_are_merged(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Those that passed are 0; one that is missing, a directory without any, and one that was edited are not."""
    good = tag("reference")
    assert 0 == conformance(good, *FEW, "--image-report=one/report").status
    (tmp_path / "images.txt").write_text(f"{good}\nteam/missing\n", encoding="utf-8")
    (tmp_path / "empty").mkdir()

    status, said = merged(tmp_path, "one", "--output=all")
    assert (0, {good: 0}) == (status, statuses(overview(tmp_path / "all"))), said
    status, said = merged(tmp_path, "one", "one/report", "--output=all")
    assert (0, True) == (status, "1 of 1 sessions passed (exit status 0)\n" in said), said
    status, said = merged(tmp_path, "one", "--images-from=images.txt")
    assert (6, True) == (status, "team/missing: no report, though it is expected\n" in said)
    status, said = merged(tmp_path, "one", "empty")
    assert (4, True) == (status, "empty: expected report.json in it or below, but there is none" in said)
    status, said = merged(tmp_path, "one", "none")
    assert (4, True) == (status, "none: expected a directory of reports, but it is none" in said)
    file = tmp_path / "one/report/report.json"
    content = file.read_text(encoding="utf-8")
    file.write_text(content.replace('"violates": 0', '"violates": 1'), encoding="utf-8")
    status, said = merged(tmp_path, "one")
    assert (4, True) == (status, "expected a report that agrees with its exit_status, but its counts are not" in said)


def test_a_report_that_an_overview_tells_of_has_to_be_there(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Whoever removes the report of an image that fails has not made it pass, nor who edits its exit status."""
    good, bad = tag("reference"), tag(FLAWED)
    assert 1 == conformance(good, f"--image={bad}", *FEW).status
    place = tmp_path / "conformance-report"
    (failed,) = (place / each["report"] for each in overview(place)["sessions"] if each["image"] == bad)
    shutil.rmtree(failed)

    status, said = merged(tmp_path, "conformance-report")
    assert (1, True) == (status, f"{bad}: its report is gone\n" in said), said
    file = place / "overview.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"exit_status": 1', '"exit_status": 0'), encoding="utf-8")
    status, said = merged(tmp_path, "conformance-report")
    assert 6 == status, said


def test_a_waiver_for_none_of_the_images_is_stale(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """One for the other image is not."""
    good, bad = tag("reference"), tag(FLAWED)
    table = '[[waiver]]\ncheck = "reserved.nothing-required"\nimage = "{}"\nreason = "x"\nowner = "y"\nexpires = {}\n'
    day = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 30 * 86_400))
    (tmp_path / "waivers.toml").write_text(table.format(bad, day), encoding="utf-8")
    options = (f"--image={bad}", "--image-waivers=waivers.toml", *FEW)

    assert 0 == conformance(good, *options).status
    (tmp_path / "waivers.toml").write_text(table.format(bad, day) + table.format("other", day), encoding="utf-8")
    ran = conformance(good, *options)
    assert 1 == ran.status, ran.output
    assert f"stale: {tmp_path / 'waivers.toml'}:7: waiver of reserved.nothing-required: no image matches" in ran.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_sessions(
    number: signal.Signals, tag: Callable[[str], str], tmp_path: Path, client: docker.APIClient
) -> None:
    """Each removes what it made, and what was not begun is told as interrupted."""
    images = [tag("reference"), tag("sound/empty-directories-below-opt-ml"), tag(FLAWED)]
    job = request(tmp_path / "job.json", AppSpecification=SLEEPING)
    options = [*(f"--image={each}" for each in images), f"--image-job={job}", f"--image-s3={REFERENCE_S3}"]
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(
            ["env", "--default-signal=INT", sys.executable, "-m", "pytest", *options, "-n", "2"],
            cwd=tmp_path,
            env=clean_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while len(made := owned_by(client, *descendants(process.pid))) < 4:
        assert process.poll() is None, (tmp_path / "output").read_text(encoding="utf-8")
        assert time.monotonic() < deadline, made
        time.sleep(0.1)
    sessions = set(descendants(process.pid))
    process.send_signal(number)

    assert 2 == process.wait(TIMEOUT_SECONDS), (tmp_path / "output").read_text(encoding="utf-8")
    assert [] == owned_by(client, *sessions)
    assert dict.fromkeys(images, 2) == statuses(overview(tmp_path / "conformance-report"))


def test_sessions_that_have_only_begun_are_interrupted_too(tag: Callable[[str], str], tmp_path: Path) -> None:
    """Before they can take a signal, it ends them at once: that is no error of theirs."""
    images = [tag("reference"), tag(FLAWED)]
    command = [sys.executable, "-m", "pytest", *(f"--image={each}" for each in images), "-n", "2"]
    with (tmp_path / "output").open("wb") as output:
        process = subprocess.Popen(command, cwd=tmp_path, env=clean_environment(), stdout=output, stderr=output)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while len(list(descendants(process.pid))) < len(images):
        assert process.poll() is None, (tmp_path / "output").read_text(encoding="utf-8")
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)

    assert 2 == process.wait(TIMEOUT_SECONDS), (tmp_path / "output").read_text(encoding="utf-8")
    assert dict.fromkeys(images, 2) == statuses(overview(tmp_path / "conformance-report"))


TURNS = """
import os


def pytest_report_header():
    return "turns: " + os.environ["PROCESSING_CONFORMANCE_TURNS"]
"""


def test_sessions_spread_over_engines(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """One at a time on each; those on the same one take turns, however it is named."""
    told = {"message": "asked-the-second"}
    (tmp_path / "conftest.py").write_text(TURNS, encoding="utf-8")
    with answering_engine(tmp_path / "b.sock", call=r"^GET .*/export", status="500 No", answer=told) as second:
        names = ("sound/empty-directories-below-opt-ml", "sound/chain-of-execs")
        images = [tag("reference"), *(f"--image={tag(name)}" for name in names)]
        lanes = ("popen", f"popen//id=b//env:DOCKER_HOST={second}", f"popen//env:DOCKER_HOST={DEFAULT_URL}")
        ran = conformance(*images, *FEW, "--image-no-cache", *(f"--tx={lane}" for lane in lanes))

    said = {each["image"]: each for each in overview(ran.report_directory)["sessions"]}
    assert {0, 6} == set(statuses(overview(ran.report_directory)).values()), (said, ran.output)
    logs = [path.read_text(encoding="utf-8") for path in ran.report_directory.glob("*/session.log")]
    assert 1 == sum("asked-the-second" in log for log in logs)
    # The first and the last are on one engine, and none is left.
    turns = {log.partition("turns: ")[2].partition("\n")[0] for log in logs}
    assert (2, False) == (len(turns), any(map(os.path.exists, turns)))


def test_images_of_addopts_are_no_fleet(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Each session would have them again."""
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --image=other\n", encoding="utf-8")
    ran = conformance(tag("reference"))

    assert 4 == ran.status
    assert "--image: expected several images on the command line itself, and not in addopts\n" in ran.output
