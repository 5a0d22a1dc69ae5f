"""Whether a job works where each of its inputs and outputs is a mount point: by two runs held against each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.files.tree import File
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import OUTPUT, file, host, image, judged, link, not_started, outcome, request

MOUNTS = "outputs.work-as-mount-points"
BUSY = "OSError: [Errno 16] Device or resource busy: '/opt/ml/processing/output/result'"


def on_mounts(separate: Host, good: Host | None = None) -> Verdict:
    """The verdict where the run on separate mounts ended so."""
    run = outcome(separate, variation=Variation.SEPARATE_MOUNTS)
    return judged(MOUNTS, image(), outcome(good), run)


def test_a_job_that_works_on_mount_points_conforms() -> None:
    """Whatever it logs on the way there."""
    assert Word.CONFORMS is on_mounts(host(file(f"{OUTPUT}/part-1"), stderr="cannot rename, copying instead\n")).word


@pytest.mark.parametrize(
    ("separate", "found"),
    [
        (host(exit_code=1, stderr=BUSY), f'algo-1 exited with code 1; stderr says: "{BUSY}".'),
        (host(stderr=BUSY), "nothing was written to output result."),
        (host(exit_code=137, end=End.MAX_RUNTIME), "algo-1 was stopped at MaxRuntimeInSeconds."),
    ],
)
def test_a_job_that_needs_plain_directories_is_advised_against(separate: Host, found: str) -> None:
    """The sentence says what it did not do."""
    verdict = on_mounts(separate)

    assert Word.ADVISED is verdict.word
    assert (f"Expected the same result when every input and output is a mount point, but {found}",) == (
        verdict.violations
    )


@pytest.mark.parametrize(
    ("good", "separate", "see"),
    [
        (host(exit_code=1), host(exit_code=1), "exit.zero-on-success"),
        (not_started("no"), not_started("no"), "exit.zero-on-success"),
        (None, host(exit_code=137, end=End.SUITE_LIMIT), ""),
    ],
    ids=["failed anyhow", "not started", "suite's limit"],
)
def test_what_mount_points_did_not_cause_is_not_judged(good: Host | None, separate: Host, see: str) -> None:
    """Nor what the suite's own limit did."""
    verdict = on_mounts(separate, good)

    assert (Word.NOT_JUDGED, see, True) == (verdict.word, verdict.see, verdict.applies)


def test_without_outputs_there_is_no_mount_point_to_write_to() -> None:
    """The check is of outputs."""
    verdict = judged(MOUNTS, image(), outcome(of=request(outputs={})))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


def test_outputs_that_get_no_file_anyway_are_told_of_elsewhere() -> None:
    """Nothing could be missing of them; that check may have a reason of its own not to judge."""
    verdict = on_mounts(host(exit_code=1, stderr=BUSY), host())

    assert (Word.NOT_JUDGED, "outputs.declared-outputs-written", False) == (verdict.word, verdict.see, verdict.applies)
    assert verdict.reason.startswith("output result got no files anyway; ")


@pytest.mark.parametrize("left", [link(f"{OUTPUT}/latest", "part-1"), link(OUTPUT, "/scratch")])
def test_links_are_told_of_elsewhere(left: File) -> None:
    """A directory that a link is to take the place of cannot be removed where it is a mount point."""
    verdict = on_mounts(host(exit_code=1, stderr=BUSY), host(left))

    assert (Word.NOT_JUDGED, "outputs.no-symlinks", True) == (verdict.word, verdict.see, verdict.applies)


def test_files_that_a_volume_keeps_back_are_files_of_the_output() -> None:
    """That they are not uploaded is told of elsewhere, and has nothing to do with mount points."""
    kept = host(file(f"{OUTPUT}/tables/a"))
    good = replace(outcome(kept), uploads=())
    of = image(volumes=(f"{OUTPUT}/tables",))

    assert Word.CONFORMS is judged(MOUNTS, of, good, outcome(kept, variation=Variation.SEPARATE_MOUNTS)).word
