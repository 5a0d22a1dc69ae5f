"""What counts as a difference between two engines, which images show one, and what is left of an engine."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from conformance.checks import load_checks
from tests.conftest import declared_failure, flawed_folders
from tests.engines.__main__ import Row, main
from tests.engines.comparison import Difference, Judged, differences, flawed, of_length
from tests.engines.debian import UnavailableError, root
from tests.engines.kinds import KINDS
from tests.engines.running import HIERARCHIES, PREFIX


def test_a_difference_is_another_verdict_on_a_check() -> None:
    """With what the other engine's report says of it; the same verdict for another reason is none."""
    here = Judged({"a": "conforms", "b": "not judged", "c": "conforms"}, {"b": "one"}, 1.0)
    there = Judged({"a": "violates", "b": "not judged", "d": "error"}, {"a": "why", "b": "two", "d": "no"}, 1.0)

    expected = [
        Difference("a", "conforms", "violates", "why"),
        Difference("c", "conforms", "none", ""),
        Difference("d", "none", "error", "no"),
    ]
    assert expected == list(differences(here, there))


def test_a_session_without_a_report_is_one_difference() -> None:
    """Not one for each check that it did not judge."""
    here = Judged({"a": "conforms", "b": "violates"}, {}, 1.0)
    there = Judged({"(session)": "no report"}, {"(session)": "refused"}, 1.0)

    assert [Difference("(session)", "a report", "no report", "refused")] == list(differences(here, there))


def test_a_job_may_be_too_short_to_be_stopped_on_one_engine_alone() -> None:
    """That is no difference of the engines, and nothing else is excused by it."""
    short = "on one of the two the job is too short to be stopped"
    stop, other = "stop.ends-on-sigint", "outputs.no-symlinks"
    cases = [
        (stop, "not applicable", "conforms"),
        (stop, "violates", "conforms"),
        (other, "not applicable", "conforms"),
    ]

    assert [short, "", ""] == [of_length(Difference(*case, why="")) for case in cases]


def test_the_sample_has_an_image_for_each_chapter() -> None:
    """Each of those whose check some image fails alone."""
    alone = {next(iter(labels)) for labels in map(declared_failure, flawed_folders()) if len(labels) == 1}
    sample = [declared_failure(case.name) for case in flawed(all_of_them=False)]

    assert {check.partition(".")[0] for check in alone} == {check.partition(".")[0] for (check,) in sample}
    assert {check.chapter for check in load_checks()} >= {check.partition(".")[0] for check in alone}


def test_an_engine_that_could_not_be_tried_is_told_from_one_without_differences() -> None:
    """Its line says why, and no figure."""
    kind = KINDS["docker-28"]
    told = [
        str(Row(kind, "28.5.2", 16, 1104, ratio=1.23)),
        str(Row(kind, "28.5.2", 1, 69, known=1, unknown=2, ratio=1.0)),
    ]

    assert [f"{kind.name:22} 28.5.2             16   1104  1.2  no difference"] == told[:1]
    assert told[1].endswith("1 differ for a known reason, 2 for none")
    assert f"{kind.name:22} not tried: no root" == str(Row(kind, unavailable="no root"))


def test_an_unknown_engine_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """With all that there are."""
    assert 2 == main(["nobody"])
    assert "no engine is called nobody; there are docker-28, " in capsys.readouterr().err


ENDING = """
import os, signal, sys
from tests.engines.kinds import KINDS
from tests.engines.running import leave_on_signals, running
leave_on_signals()
with running(KINDS["docker-28"]) as engine:
    print(engine.address)
    os.kill(os.getpid(), getattr(signal, sys.argv[1]))
"""


@pytest.mark.engine
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_engine_leaves_nothing_behind(name: str) -> None:
    """Whatever ends the program that brought it up: no folder, no control group, no process."""
    try:
        root(KINDS["docker-28"].suite)
    except UnavailableError as error:
        pytest.skip(str(error))
    command = ["env", "--default-signal=INT", sys.executable, "-c", ENDING, name]

    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])

    folder = Path(ended.stdout.strip().removeprefix("unix://")).parents[1]
    assert folder.name.startswith(PREFIX), ended.stderr
    assert not folder.exists()
    assert [] == [group for group in HIERARCHIES.glob(f"*/{folder.name}") if group.exists()]
    assert [] == [each for each in processes() if folder.name in each]


def processes() -> list[str]:
    """What stands in the environment and command line of all processes of this machine."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        try:
            found.append(str((place / "cmdline").read_bytes() + (place / "environ").read_bytes()))
        except OSError:
            continue
    return found
