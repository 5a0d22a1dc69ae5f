"""Chapter `config`: the two documents that tell a container about its job."""

from __future__ import annotations

import pytest

from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, Outcome
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import OUTPUT, file, host, image, judged, not_started, outcome, request

CHECK = "config.unknown-members-tolerated"
RESULT = file(f"{OUTPUT}/part-1")


def with_more(changed: Host, good: Outcome | None = None) -> Verdict:
    """The verdict where the run with further members ended so."""
    more = outcome(changed, variation=Variation.UNKNOWN_MEMBERS)
    return judged(CHECK, image(), good or outcome(), more)


@pytest.mark.parametrize(
    "changed",
    [host(RESULT), host(RESULT, stdout="ignoring NetworkConfig: null\n"), host(file(f"{OUTPUT}/other", size=9))],
)
def test_a_job_that_does_the_same_conforms(changed: Host) -> None:
    """A program may speak of what it does not know, and may copy the documents into its outputs."""
    assert Word.CONFORMS is with_more(changed).word


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        (
            host(exit_code=1, stderr="TypeError: unexpected argument 'hosts'\n"),
            "algo-1 exited with code 1; stderr says: \"TypeError: unexpected argument 'hosts'\".",
        ),
        (host(exit_code=137, end=End.MAX_RUNTIME), "algo-1 was stopped at MaxRuntimeInSeconds."),
        (host(), "nothing was written to output result."),
        (not_started("no"), "algo-1 did not start: no."),
    ],
)
def test_a_job_that_does_less_is_advised_against(changed: Host, found: str) -> None:
    """The sentence says what it did not do."""
    verdict = with_more(changed)

    assert Word.ADVISED is verdict.word
    assert (f"Expected the same result with additional members in both configuration files, but {found}",) == (
        verdict.violations
    )


def test_a_job_that_fails_anyhow_shows_nothing() -> None:
    """Which is judged elsewhere."""
    verdict = with_more(host(exit_code=1), good=outcome(host(exit_code=1)))

    assert (Word.NOT_JUDGED, "exit.zero-on-success", True) == (verdict.word, verdict.see, verdict.applies)


def test_a_job_at_the_suites_limit_is_not_judged() -> None:
    """The limit is none of the contract's."""
    verdict = with_more(host(exit_code=137, end=End.SUITE_LIMIT, seconds=300.0))

    assert (Word.NOT_JUDGED, "", True) == (verdict.word, verdict.see, verdict.applies)
    assert "after 300 s, the suite's own time limit" in verdict.reason


def test_a_job_without_outputs_need_only_succeed() -> None:
    """Nor is one blamed for an output that it never writes."""
    nothing = request(outputs={})
    without = judged(CHECK, image(), outcome(host(), of=nothing), outcome(host(), of=nothing))
    unwritten = with_more(host(), good=outcome(host()))

    assert [Word.CONFORMS] * 2 == [without.word, unwritten.word]
