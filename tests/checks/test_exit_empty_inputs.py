"""What the exit code tells where inputs are empty: whether the program failed, and whether it noticed."""

import pytest

from conformance.job.request import JobRequest
from conformance.outcome.outcome import End, Host
from conformance.outcome.trace import Execution, Process, Trace
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import (
    INPUT,
    OUTPUT,
    empty_inputs,
    file,
    host,
    image,
    judged,
    link,
    not_started,
    outcome,
    request,
)

NONZERO = "exit.nonzero-on-failure"
NOTICED = "exit.empty-input-noticed"

TRACEBACK = "Traceback (most recent call last):\n  ...\nFileNotFoundError: no measurements\n"
RESULT = file(f"{OUTPUT}/part-1")


def of_failure(check: str, empty: Host, good: Host | None = None) -> Verdict:
    """The verdict on a job whose run with empty inputs ended so."""
    return judged(check, image(), outcome(good), empty_inputs(empty))


def test_a_program_that_fails_and_says_so_conforms() -> None:
    """It notices that its inputs are empty."""
    assert Word.CONFORMS == of_failure(NONZERO, host(exit_code=1, stderr=TRACEBACK)).word


@pytest.mark.parametrize(
    "said",
    [
        TRACEBACK,
        "2026-11-22 10:00:00,123 ERROR no measurements found",
        "processing.py: error: no measurements",
        "FATAL: nothing to read",
        "panic: runtime error: index out of range [0] with length 0",
        "cat: /opt/ml/processing/input/data/*: No such file or directory",
        "/run.sh: line 3: count: command not found",
        "Segmentation fault (core dumped)",
        "Exception in thread main java.lang.IllegalStateException: no input",
        "ValueError: max() arg is an empty sequence",
        "[error] 3 of 3 stages failed",
        "error: 0 rows found, cannot go on",
        "stopped on error: none of the files is there",
        "CRITICAL no input, without which nothing can be done",
    ],
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_failure_that_exits_with_0_violates(said: str, stream: str) -> None:
    """The evidence: an output that is missing, and a line of the log that says why."""
    verdict = of_failure(NONZERO, host(**{stream: f"reading\n{said}\n"}))  # type: ignore[arg-type] # only the streams
    (violation,) = verdict.violations

    assert Word.VIOLATES == verdict.word
    assert "it exited with 0, although it wrote nothing to the output result" in violation
    assert repr(said.splitlines()[-1]) in violation


@pytest.mark.parametrize(
    ("usual", "with_empty_inputs"),
    [
        ("error: 0", "error: 0"),
        ("2026-11-22 10:00:01 error rate 12", "2026-11-22 10:00:09 error rate 7"),
        ("[pid 17] loading ErrorHandler: fatal=on", "[pid 4242] loading ErrorHandler: fatal=on"),
        ("run 3f2a99c0d1e4: error log at /tmp/x", "run 77ab10cde9f0: error log at /tmp/x"),
        ("mean squared error: 0.12", "mean squared error: nan"),
        ("", "finished without errors"),
        ("", "No errors found, 0 rows written"),
        ("", "finished without error"),
        ("", "0 error lines"),
        ("", '{"rows": 0, "error": null}'),
        ("", "{'errors': 0}"),
        ("", "error: 0"),
        ("", "errors=none"),
        ("", "critical: 0, fatal: 0"),
        ("", "nothing to do: the input is empty"),
        ("", "installing the terror filter"),
    ],
)
def test_a_program_that_accepts_an_empty_input_is_not_accused(usual: str, with_empty_inputs: str) -> None:
    """Words that stand in every log of it, or that deny a failure, are no evidence."""
    verdict = of_failure(NONZERO, host(stdout=with_empty_inputs), host(RESULT, stdout=usual))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "did not visibly fail" in verdict.reason


def test_a_program_that_writes_its_outputs_all_the_same_is_not_accused() -> None:
    """Whatever it logs."""
    verdict = of_failure(NONZERO, host(RESULT, stderr=TRACEBACK))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


def test_a_link_counts_as_written() -> None:
    """That it is not uploaded is named elsewhere."""
    verdict = of_failure(NONZERO, host(link(f"{OUTPUT}/part-1", "/tmp/x"), stderr=TRACEBACK))  # noqa: S108 - in an image

    assert Word.NOT_JUDGED == verdict.word


def test_one_missing_output_of_two_is_enough() -> None:
    """The sentence names those that are missing, and no others."""
    asked = request(outputs={"a": "/opt/ml/processing/a", "b": "/opt/ml/processing/b", "c": "/opt/ml/processing/c"})
    good = outcome(host(file("/opt/ml/processing/a/x"), file("/opt/ml/processing/b/x")), of=asked)
    empty = empty_inputs(host(file("/opt/ml/processing/a/x"), stderr=TRACEBACK), of=asked)
    (violation,) = judged(NONZERO, image(), good, empty).violations

    assert "it wrote nothing to the output b and its log" in violation


def test_several_missing_outputs_are_all_named() -> None:
    """In the order of the request."""
    asked = request(outputs={"b": "/opt/ml/processing/b", "a": "/opt/ml/processing/a"})
    empty = empty_inputs(host(stderr=TRACEBACK), of=asked)
    (violation,) = judged(NONZERO, image(), outcome(of=asked), empty).violations

    assert "nothing to the outputs b, a and" in violation


@pytest.mark.parametrize("check", [NONZERO, NOTICED])
@pytest.mark.parametrize(
    "asked",
    [request(inputs={}), request(overrides={"ContainerEntrypoint": ["python3", f"{INPUT}/main.py"]})],
    ids=["none", "a script"],
)
def test_without_inputs_nothing_can_be_empty(check: str, asked: JobRequest) -> None:
    """The request has none, or one that brings the program, which is there in every run."""
    verdict = judged(check, image(), outcome(of=asked), empty_inputs(host(), of=asked))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "no inputs" in verdict.reason


@pytest.mark.parametrize("check", [NONZERO, NOTICED])
@pytest.mark.parametrize(
    "good",
    [
        host(RESULT, exit_code=1),
        host(RESULT, exit_code=0, end=End.MAX_RUNTIME),
        host(RESULT, exit_code=0, end=End.SUITE_LIMIT),
        not_started("no such file"),
    ],
    ids=["exit 1", "MaxRuntime", "suite's limit", "not started"],
)
def test_a_job_that_does_not_succeed_with_its_inputs_proves_nothing(check: str, good: Host) -> None:
    """A program that was stopped may exit with 0 and has not succeeded."""
    verdict = of_failure(check, host(stderr=TRACEBACK), good)

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert "exit.zero-on-success" in verdict.reason


@pytest.mark.parametrize("check", [NONZERO, NOTICED])
@pytest.mark.parametrize("end", [End.SUITE_LIMIT, End.MAX_RUNTIME])
def test_a_program_that_waits_for_its_input_is_not_judged(check: str, end: End) -> None:
    """It has no exit code of its own."""
    verdict = of_failure(check, host(exit_code=137, end=end))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert f"algo-1 was {end}" in verdict.reason


def test_a_message_that_fails_the_job_leaves_the_exit_code_to_judge() -> None:
    """A job with a message that is not UTF-8 has Failed, and its program has not."""
    good = outcome(host(RESULT, message=b"\xff"))
    verdict = judged(NONZERO, image(), good, empty_inputs(host(stderr=TRACEBACK)))

    assert Word.VIOLATES == verdict.word


@pytest.mark.parametrize("ended", [host(exit_code=1), host(RESULT), host(RESULT, stderr=TRACEBACK)])
def test_an_empty_input_that_is_noticed_conforms(ended: Host) -> None:
    """By the exit code, or by outputs that say so."""
    assert Word.CONFORMS == of_failure(NOTICED, ended).word


def test_an_empty_input_that_nobody_notices_is_advice() -> None:
    """It exits with 0, writes nothing and says nothing."""
    verdict = of_failure(NOTICED, host(stdout="nothing to do\n"))

    assert Word.ADVISED == verdict.word
    assert "it exited with 0 and wrote nothing to the output result" in verdict.violations[0]


def test_a_failure_is_named_once() -> None:
    """Where the log speaks of it, by the other check."""
    verdict = of_failure(NOTICED, host(stderr=TRACEBACK))

    assert Word.NOT_JUDGED == verdict.word
    assert "exit.nonzero-on-failure" in verdict.reason


def test_a_job_without_outputs_has_nothing_to_miss() -> None:
    """Nor has one that writes none of them: then the clause was not exercised."""
    verdict = of_failure(NOTICED, host(), host())

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


def test_a_failure_below_process_1_is_evidence_without_a_word_in_the_log() -> None:
    """The process tree shows what a wrapper swallowed."""
    shell = Process(1, 0, 1.0, (Execution(1.0, 1.0, ("/bin/sh", "/run.sh"), "/bin/sh"),), 9.0, 0)
    child = Process(7, 1, 2.0, (Execution(2.0, 2.0, ("python3", "/x.py"), "/usr/bin/python3"),), 8.0, 3)
    silent = host(stdout="finished\n", trace=Trace((shell, child), tracer=2))

    found = judged("exit.nonzero-on-failure", image(), outcome(), empty_inputs(silent))

    assert Word.VIOLATES is found.word
    assert "['python3', '/x.py'] exited with code 3 below process 1" in found.violations[0]


def test_a_program_that_is_process_1_speaks_by_its_own_exit_code() -> None:
    """A child that fails and is made good for is no failure."""
    program = Process(1, 0, 1.0, (Execution(1.0, 1.0, ("python3", "/x.py"), "/usr/bin/python3"),), 9.0, 0)
    child = Process(7, 1, 2.0, (Execution(2.0, 2.0, ("git", "status"), "/usr/bin/git"),), 3.0, 128)
    good = host(stdout="finished\n", trace=Trace((program, child), tracer=2))

    found = judged("exit.nonzero-on-failure", image(), outcome(), empty_inputs(good))

    assert (Word.NOT_JUDGED, False) == (found.word, found.applies)
