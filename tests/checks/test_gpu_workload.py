"""Chapter `gpu`: whether a job that has GPUs loads CUDA's driver."""

from __future__ import annotations

from dataclasses import replace

from conformance.outcome.gpu import Gpus, Look, Means
from conformance.outcome.outcome import Outcome
from conformance.outcome.trace import Process, Trace
from conformance.verdict.verdict import Verdict, Word
from tests.support.looks import LOADED, answers, look, looked
from tests.support.outcomes import host, image, judged, outcome, process

WORKS = look()

USING = replace(process(7, 1, "python3", "/train.py"), mapped=LOADED)
IDLE = process(1, 0, "python3", "/processing.py")


def job(*processes: tuple[Process, ...], means: Means = Means.REQUEST, untraced: str = "") -> Outcome:
    """A job that succeeded, with the processes of each of its hosts."""
    hosts = [host(trace=Trace(each, tracer=2), untraced=untraced) for each in processes]
    return replace(outcome(*hosts), gpus=Gpus(wanted=True, means=means))


def of(ran: Outcome, *, seen: Look = WORKS, means: Means = Means.REQUEST) -> Verdict:
    """The verdict on a job, with what was seen of the GPU before it."""
    return judged("gpu.workload-uses-it", image(), looked(seen, means=means), ran)


def test_one_process_that_loaded_the_driver_is_enough() -> None:
    """Whichever it is: a launcher loads none."""
    assert Word.CONFORMS is of(job((IDLE, USING))).word


def test_a_host_on_which_none_loaded_it_is_advised_against() -> None:
    """Each host has its own GPUs."""
    verdict = of(job((IDLE, USING), (IDLE,)))

    expected = "Expected a program on algo-2 to load libcuda.so, but none had it in memory when it ended."
    assert (Word.ADVISED, (expected,)) == (verdict.word, verdict.violations)


def test_a_simulated_gpu_shows_idleness_and_no_use() -> None:
    """A driver that was loaded has computed nothing."""
    idle = of(job((IDLE,), means=Means.SIMULATION), means=Means.SIMULATION)
    using = of(job((IDLE, USING), means=Means.SIMULATION), means=Means.SIMULATION)

    assert (Word.ADVISED, Word.NOT_JUDGED, True) == (idle.word, using.word, using.applies)


def test_a_driver_that_does_not_answer_is_nobodys_idleness() -> None:
    """No program could use it."""
    verdict = of(job((IDLE,)), seen=look(status=1, output=answers(cuInit="999")))

    assert (Word.NOT_JUDGED, "gpu.visible") == (verdict.word, verdict.see)


def test_a_job_whose_processes_were_not_seen_is_not_judged() -> None:
    """Nothing is concluded from what is not there."""
    verdict = of(job((IDLE,), untraced="the tracer could not attach"))

    assert (Word.NOT_JUDGED, "its processes could not be traced: the tracer could not attach") == (
        verdict.word,
        verdict.reason,
    )


def test_a_job_that_fails_tells_nothing() -> None:
    """It may have failed before it came to the GPU."""
    failed = replace(outcome(host(exit_code=1)), gpus=Gpus(wanted=True, means=Means.REQUEST))

    assert (Word.NOT_JUDGED, "exit.zero-on-success") == (of(failed).word, of(failed).see)
