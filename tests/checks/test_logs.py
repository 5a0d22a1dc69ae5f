"""Chapter `logs`: what a container writes to stdout and stderr."""

import pytest

from conformance.outcome import End
from conformance.verdict import Word
from tests.outcomes import file, host, image, judged, not_started, outcome

CHECK = "logs.on-stdout-or-stderr"


@pytest.mark.parametrize(("stdout", "stderr"), [("done", ""), ("", "done"), ("\n", ""), (b"\xff", "")])
def test_a_byte_on_either_conforms(stdout: str | bytes, stderr: str) -> None:
    """Processing sends both to CloudWatch Logs."""
    assert Word.CONFORMS == judged(CHECK, image(), outcome(host(stdout=stdout, stderr=stderr))).word


@pytest.mark.parametrize("end", [End.EXITED, End.SUITE_LIMIT])
def test_silence_is_advised_against(end: End) -> None:
    """A log file within the container does not count."""
    verdict = judged(CHECK, image(), outcome(host(file("/opt/ml/processing/run.log"), stdout="", end=end)))

    assert Word.ADVISED == verdict.word
    assert ("Expected at least a line on stdout or stderr, and algo-1 wrote nothing to either.",) == verdict.violations


def test_a_container_that_did_not_start_said_nothing() -> None:
    """Which is judged elsewhere."""
    verdict = judged(CHECK, image(), outcome(not_started("no")))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert "exit.zero-on-success" in verdict.reason
