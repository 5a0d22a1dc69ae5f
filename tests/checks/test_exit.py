"""Chapter `exit`: the exit code tells whether the job succeeded."""

from dataclasses import replace

import pytest

from conformance.job import JobRequest
from conformance.outcome import End, Host, Stop
from conformance.trace import Execution, Process, Signal, Trace
from conformance.verdict import Verdict, Word
from tests.outcomes import (
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

ZERO = "exit.zero-on-success"
NONZERO = "exit.nonzero-on-failure"
NOTICED = "exit.empty-input-noticed"

TRACEBACK = "Traceback (most recent call last):\n  ...\nFileNotFoundError: no measurements\n"
RESULT = file(f"{OUTPUT}/part-1")


def of_zero(ended: Host, *, of: JobRequest | None = None) -> Verdict:
    """The verdict on a job that ended so."""
    return judged(ZERO, image(), outcome(ended, of=of))


def of_failure(check: str, empty: Host, good: Host | None = None) -> Verdict:
    """The verdict on a job whose run with empty inputs ended so."""
    return judged(check, image(), outcome(good), empty_inputs(empty))


def test_a_job_that_exits_with_0_conforms() -> None:
    """Its log is its own affair."""
    assert Word.CONFORMS == of_zero(host(stderr=TRACEBACK)).word


@pytest.mark.parametrize("code", [1, 127, 130, 137, 255])
def test_a_job_that_exits_otherwise_violates(code: int) -> None:
    """The sentence has the code and the last line on stderr."""
    verdict = of_zero(host(exit_code=code, stderr="reading\nno such table\n\n"))

    assert Word.VIOLATES == verdict.word
    assert (
        f"Expected algo-1 to exit with 0, and it exited with {code}; its last line on stderr was 'no such table'.",
    ) == verdict.violations


def test_without_a_log_there_are_no_last_words() -> None:
    """The sentence ends with the code."""
    assert ("Expected algo-1 to exit with 0, and it exited with 3.",) == of_zero(host(exit_code=3)).violations


def test_a_long_line_is_cut() -> None:
    """A report is not the place for a log."""
    (violation,) = of_zero(host(exit_code=1, stderr="x" * 10_000)).violations

    assert len(violation) < 400


def test_running_out_of_memory_violates() -> None:
    """And is named as such."""
    verdict = of_zero(host(exit_code=137, out_of_memory=True))

    assert ("Expected algo-1 to exit with 0, and it was killed because it ran out of memory.",) == verdict.violations


def test_a_program_that_survives_a_killed_child_conforms() -> None:
    """The engine says OOMKilled of the container, and the program exits with 0."""
    assert Word.CONFORMS == of_zero(host(exit_code=0, out_of_memory=True)).word


def test_a_job_beyond_its_own_limit_violates() -> None:
    """MaxRuntimeInSeconds is what the user asked for."""
    verdict = of_zero(host(exit_code=137, end=End.MAX_RUNTIME))

    assert Word.VIOLATES == verdict.word
    assert "within MaxRuntimeInSeconds, and it was still running after 60 s" in verdict.violations[0]


SHELL = Process(1, 0, 1.0, (Execution(1.0, 1.0, ("/bin/sh", "/run.sh"), "/bin/sh"),))
WORK = Process(8, 1, 2.0, (Execution(2.0, 2.0, ("python3", "/x.py"), "/usr/bin/python3"),), 5.0, 0)
TAIL = Process(9, 1, 6.0, (Execution(6.0, 6.0, ("tail", "-f", "/dev/null"), "/usr/bin/tail"),))
SIGINT = Signal(60.0, 60.0, 2, 0, 1, "default")
STOP = Stop("SIGINT", 3.0, killed=True)


@pytest.mark.parametrize(
    "signals",
    [(SIGINT,), (), (Signal(3.0, 3.0, 2, 1, 8, "ignored"), SIGINT), (Signal(4.0, 4.0, 17, 0, 1, "default"), SIGINT)],
    ids=["SIGINT", "SIGKILL alone", "SIGINT of a process", "another signal"],
)
def test_a_job_beyond_its_own_limit_is_told_by_its_processes(signals: tuple[Signal, ...]) -> None:
    """What had done its work, and what kept the container running when the stop's own signal came."""
    trace = Trace((SHELL, WORK, TAIL), signals, tracer=2)
    (violation,) = of_zero(host(exit_code=137, end=End.MAX_RUNTIME, trace=trace, stop=STOP)).violations

    assert violation.endswith(
        "still running after 60 s: ['python3', '/x.py'] had ended with 0, "
        "and ['tail', '-f', '/dev/null'] had not ended."
    )


def test_what_the_stop_ended_ran_until_then() -> None:
    """And what ends of it is not what had done its work."""
    working = replace(WORK, ended=60.1, exit_code=130)
    trace = Trace((replace(SHELL, ended=60.2, exit_code=130), working), (SIGINT,), tracer=2)
    (violation,) = of_zero(
        host(exit_code=130, end=End.MAX_RUNTIME, trace=trace, stop=Stop("SIGINT", 0.2, killed=False))
    ).violations

    assert violation.endswith("still running after 60 s: ['python3', '/x.py'] had not ended.")


def test_many_processes_that_ran_are_counted() -> None:
    """Three are named."""
    servers = (replace(WORK, pid=pid, ended=None, exit_code=None) for pid in range(10, 15))
    trace = Trace((SHELL, *servers), (SIGINT,), tracer=2)
    (violation,) = of_zero(host(exit_code=137, end=End.MAX_RUNTIME, trace=trace, stop=STOP)).violations

    assert violation.count("['python3', '/x.py']") == 3
    assert violation.endswith(" and 2 more had not ended.")


@pytest.mark.parametrize(
    ("trace", "untraced"),
    [(None, ""), (Trace((SHELL, WORK, TAIL), (SIGINT,), tracer=2), "left to a debugger"), (Trace(), "")],
    ids=["none", "incomplete", "empty"],
)
def test_processes_that_nobody_saw_are_no_evidence(trace: Trace | None, untraced: str) -> None:
    """The sentence ends with the time."""
    ended = host(exit_code=137, end=End.MAX_RUNTIME, trace=trace, untraced=untraced, stop=STOP)
    (violation,) = of_zero(ended).violations

    assert violation.endswith("still running after 60 s.")


def test_a_job_beyond_the_suites_limit_is_not_judged() -> None:
    """The limit is none of the contract's; the reason says how to raise it."""
    verdict = of_zero(host(exit_code=137, end=End.SUITE_LIMIT, seconds=300.0))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert "after 300 s" in verdict.reason
    assert "--image-timeout" in verdict.reason


def test_a_container_that_does_not_start_is_named_elsewhere() -> None:
    """Where the request overrides nothing, it is the default command that does not start."""
    verdict = of_zero(not_started("no such file"))

    assert Word.NOT_JUDGED == verdict.word
    assert "launch.default-command" in verdict.reason


@pytest.mark.parametrize("override", ["ContainerEntrypoint", "ContainerArguments"])
def test_a_command_of_the_request_that_does_not_start_violates(override: str) -> None:
    """No other check sees it."""
    verdict = of_zero(not_started("no such file"), of=request(overrides={override: ["gone"]}))

    assert Word.VIOLATES == verdict.word
    assert "the engine refused: no such file" in verdict.violations[0]


def test_a_program_below_opt_ml_explains_the_exit_code() -> None:
    """One flaw, one violation."""
    hidden = image(file("/opt/ml/code/x.py"), entrypoint=["python3", "/opt/ml/code/x.py"])
    verdict = judged(ZERO, hidden, outcome(host(exit_code=2, stderr="can't open file")))

    assert Word.NOT_JUDGED == verdict.word
    assert verdict.reason.endswith("see reserved.nothing-required")


# exit.nonzero-on-failure


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
def test_without_inputs_nothing_can_be_empty(check: str) -> None:
    """The request has none."""
    asked = request(inputs={})
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


# exit.empty-input-noticed


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
    assert "['python3', '/x.py'] exited with 3 below process 1" in found.violations[0]


def test_a_program_that_is_process_1_speaks_by_its_own_exit_code() -> None:
    """A child that fails and is made good for is no failure."""
    program = Process(1, 0, 1.0, (Execution(1.0, 1.0, ("python3", "/x.py"), "/usr/bin/python3"),), 9.0, 0)
    child = Process(7, 1, 2.0, (Execution(2.0, 2.0, ("git", "status"), "/usr/bin/git"),), 3.0, 128)
    good = host(stdout="finished\n", trace=Trace((program, child), tracer=2))

    found = judged("exit.nonzero-on-failure", image(), outcome(), empty_inputs(good))

    assert (Word.NOT_JUDGED, False) == (found.word, found.applies)


def test_a_process_that_is_left_is_named() -> None:
    """It is killed when process 1 exits."""
    first = Process(1, 0, 1.0, (Execution(1.0, 1.0, ("python3", "/x.py"), "/usr/bin/python3"),), 9.0, 0)
    left = Process(7, 1, 2.0, (Execution(2.0, 2.0, ("aws", "s3", "sync"), "/usr/bin/aws"),))

    found = judged("exit.no-process-left", image(), outcome(host(trace=Trace((first, left), tracer=2))))

    assert Word.ADVISED is found.word
    assert "exited while these ran: ['aws', 's3', 'sync']." in found.violations[0]


def test_processes_that_ended_before_are_well() -> None:
    """However many."""
    first = Process(1, 0, 1.0, (), 9.0, 0)
    ended = Process(7, 1, 2.0, (), 8.9, 0)

    found = judged("exit.no-process-left", image(), outcome(host(trace=Trace((first, ended), tracer=2))))

    assert Word.CONFORMS is found.word


def test_processes_that_nobody_saw_are_not_judged() -> None:
    """The reason is the tracer's own."""
    found = judged("exit.no-process-left", image(), outcome(host(untraced="ptrace is forbidden")))

    assert (Word.NOT_JUDGED, True) == (found.word, found.applies)
    assert "ptrace is forbidden" in found.reason


def test_a_command_of_the_requests_own_fails_for_itself() -> None:
    """That the image's own ENTRYPOINT is not there explains nothing, since it is not run."""
    broken = image(entrypoint=("/not-there",))
    own = request(overrides={"ContainerEntrypoint": ["python3", "/processing.py"]})

    overridden = judged(ZERO, broken, outcome(host(exit_code=3), of=own))
    default = judged(ZERO, broken, outcome(host(exit_code=3)))

    assert Word.VIOLATES is overridden.word
    assert (Word.NOT_JUDGED, "image.entrypoint-exists") == (default.word, default.see)
