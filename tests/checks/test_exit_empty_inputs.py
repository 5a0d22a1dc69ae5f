"""What the exit code tells where inputs are empty: whether the program failed, and whether it noticed."""

from dataclasses import replace

import pytest

from conformance.files.tree import File
from conformance.job.request import JobRequest
from conformance.outcome.outcome import End, Host, Outcome
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
    process,
    ran,
    request,
)

NONZERO = "exit.nonzero-on-failure"
NOTICED = "exit.empty-input-noticed"

TRACEBACK = """Traceback (most recent call last):
  File "/processing.py", line 3, in <module>
    main()
FileNotFoundError: no measurements
"""
RESULT = file(f"{OUTPUT}/part-1")


def of_failure(check: str, empty: Host, good: Host | None = None) -> Verdict:
    """The verdict on a job whose run with empty inputs ended so."""
    return judged(check, image(), outcome(good), empty_inputs(empty))


def test_a_program_that_fails_and_says_so_conforms() -> None:
    """It notices that its inputs are empty."""
    assert Word.CONFORMS == of_failure(NONZERO, host(exit_code=1, stderr=TRACEBACK)).word


TRACEBACKS = (
    TRACEBACK,
    "Error in read.csv(path) : no lines available in input\nCalls: main -> read.csv\nExecution halted",
    'Exception in thread "main" java.lang.IllegalStateException: no input\n\tat Main.main(Main.java:3)',
    "/app.js:3\n  throw new Error('no input')\n  ^\n\nError: no input\n    at main (/app.js:3:9)\n\nNode.js v20.1.0",
)


@pytest.mark.parametrize("said", TRACEBACKS, ids=["Python", "R", "Java", "Node.js"])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_traceback_beside_missing_outputs_violates(said: str, stream: str) -> None:
    """Whatever the language; a program that ended itself well would not have printed it and written nothing."""
    verdict = of_failure(NONZERO, host(**{stream: f"reading\n{said}\n"}))  # type: ignore[arg-type] # only the streams
    (violation,) = verdict.violations

    assert Word.VIOLATES == verdict.word
    assert "but it exited with 0 although its log has a traceback: " in violation
    assert violation.endswith(" and it wrote nothing to output result.")


@pytest.mark.parametrize(
    "good",
    [
        outcome(host(RESULT, stderr=TRACEBACK)),
        outcome(host(stderr=TRACEBACK, message="no measurements")),
        outcome(host(stderr=TRACEBACK), of=request(outputs={})),
    ],
    ids=["output", "message", "no outputs"],
)
def test_the_run_as_requested_shows_a_failure_too(good: Outcome) -> None:
    """A traceback is certain only where nothing is left of the job: no output that it was to write, and no message."""
    left = outcome(host(stderr=TRACEBACK))
    (violation,) = judged(NONZERO, image(), left, empty_inputs()).violations

    assert "to exit non-zero when its program fails, but it exited with 0 although its log has a traceback" in violation
    assert Word.NOT_JUDGED is judged(NONZERO, image(), good, empty_inputs(of=good.request)).word


@pytest.mark.parametrize("said", TRACEBACKS, ids=["Python", "R", "Java", "Node.js"])
def test_a_traceback_that_stands_in_every_log_is_nothing(said: str) -> None:
    """The job printed it when it did its work, too."""
    verdict = of_failure(NONZERO, host(stderr=said), host(RESULT, stderr=said))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


@pytest.mark.parametrize(
    "said",
    [
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
def test_a_word_of_a_failure_beside_missing_outputs_is_advice(said: str, stream: str) -> None:
    """An output that is missing, and a line of the log that may say why; it once was a violation.

    A MUST needs what can mean nothing else, and a word in a log may be said of anything.
    """
    verdict = of_failure(NONZERO, host(**{stream: f"reading\n{said}\n"}))  # type: ignore[arg-type] # only the streams
    (advice,) = verdict.violations

    assert Word.ADVISED == verdict.word
    assert f"but it exited with 0 although its log says: {said!r} and it wrote nothing to output result" in advice


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
        ("", "WARNING: error while reading, using defaults"),
        ("", "error: bad line 3, skipped"),
    ],
)
def test_a_program_that_accepts_an_empty_input_is_not_accused(usual: str, with_empty_inputs: str) -> None:
    """Words that stand in every log of it, or that deny a failure, are no evidence."""
    verdict = of_failure(NONZERO, host(stdout=with_empty_inputs), host(RESULT, stdout=usual))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "showed no sign of failure" in verdict.reason


@pytest.mark.parametrize("written", [RESULT, link(f"{OUTPUT}/part-1", "/tmp/x")], ids=["file", "link"])  # noqa: S108 - in an image
def test_a_program_that_writes_its_outputs_all_the_same_is_advised_of_a_traceback(written: File) -> None:
    """A log in the outputs must not hide a failure; a link counts as written. No other word it logs is anything."""
    traceback = of_failure(NONZERO, host(written, stderr=TRACEBACK))
    word = of_failure(NONZERO, host(written, stderr="ERROR: no measurements\n"))

    assert Word.ADVISED is traceback.word
    assert traceback.violations[0].endswith("its log has a traceback: 'FileNotFoundError: no measurements'.")
    assert (Word.NOT_JUDGED, False) == (word.word, word.applies)


def test_one_missing_output_of_two_is_told_of() -> None:
    """The sentence names those that are missing, and no others; but what wrote another one may have got over it."""
    asked = request(outputs={"a": "/opt/ml/processing/a", "b": "/opt/ml/processing/b", "c": "/opt/ml/processing/c"})
    good = outcome(host(file("/opt/ml/processing/a/x"), file("/opt/ml/processing/b/x")), of=asked)
    empty = empty_inputs(host(file("/opt/ml/processing/a/x"), stderr=TRACEBACK), of=asked)
    verdict = judged(NONZERO, image(), good, empty)

    (advice,) = verdict.violations
    assert Word.ADVISED is verdict.word
    assert advice.endswith(" and it wrote nothing to output b.")


def test_several_missing_outputs_are_all_named() -> None:
    """In the order of the request."""
    asked = request(outputs={"b": "/opt/ml/processing/b", "a": "/opt/ml/processing/a"})
    empty = empty_inputs(host(stderr=TRACEBACK), of=asked)
    (violation,) = judged(NONZERO, image(), outcome(of=asked), empty).violations

    assert violation.endswith(" and it wrote nothing to outputs b, a.")


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
    assert "it exited with 0 and wrote nothing to output result" in verdict.violations[0]


def test_a_failure_is_named_once() -> None:
    """Where the log speaks of it, by the other check."""
    verdict = of_failure(NOTICED, host(stderr=TRACEBACK))

    assert Word.NOT_JUDGED == verdict.word
    assert "exit.nonzero-on-failure" in verdict.reason


def test_a_job_without_outputs_has_nothing_to_miss() -> None:
    """Nor has one that writes none of them: then the clause was not exercised."""
    verdict = of_failure(NOTICED, host(), host())

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


SHELL, WORK = process(1, 0, "/bin/sh", "/run.sh"), process(7, 1, "python3", "/x.py", ended=8.0)


def swallowed(*processes: Process, stderr: str = "", good: Outcome | None = None) -> Verdict:
    """The verdict where process 1 exited with 0 over empty inputs, and nothing was written."""
    silent = host(stderr=stderr, trace=Trace(processes, tracer=2))
    return judged(NONZERO, image(), good or ran(SHELL, WORK), empty_inputs(silent))


def test_a_failure_below_process_1_that_says_why_violates() -> None:
    """The program that does the work said something on stderr, wrote nothing, and a wrapper swallowed its code."""
    verdict = swallowed(SHELL, replace(WORK, exit_code=3), stderr="no measurements\n")

    assert Word.VIOLATES is verdict.word
    assert (
        "although ['python3', '/x.py'] exited with code 3 below process 1 and it wrote nothing" in verdict.violations[0]
    )


def test_an_exit_code_below_process_1_may_be_an_answer() -> None:
    """It once was a violation without a word in the log; but so do `grep -q` and `test` exit."""
    assert Word.ADVISED is swallowed(SHELL, replace(WORK, exit_code=3)).word


def test_a_signal_below_process_1_needs_no_word_in_the_log() -> None:
    """Nobody answers by SIGSEGV; SIGTERM may have been sent on purpose."""
    crashed, ended = (swallowed(SHELL, replace(WORK, exit_code=None, killed_by=number)) for number in (11, 15))

    assert [Word.VIOLATES, Word.ADVISED] == [crashed.word, ended.word]


def test_what_is_no_program_of_the_usual_run_is_not_accused() -> None:
    """Where the usual run was not seen, nobody knows that it does the work."""
    assert Word.NOT_JUDGED is swallowed(SHELL, replace(WORK, exit_code=3), good=outcome()).word


def test_what_was_made_good_for_is_no_failure() -> None:
    """Another program did its work afterwards; a tool that only says so is no other."""
    fallback = process(9, 1, "python3", "/fallback.py")
    said = process(9, 1, "echo", "failed", executable="/bin/echo")
    failed = replace(WORK, exit_code=None, killed_by=11)

    assert [Word.NOT_JUDGED, Word.VIOLATES] == [swallowed(SHELL, failed, later).word for later in (fallback, said)]


@pytest.mark.parametrize(
    ("outputs", "word"),
    [({}, Word.VIOLATES), ({"result": OUTPUT}, Word.ADVISED)],
    ids=["no outputs", "outputs written"],
)
def test_a_failure_counts_in_the_run_as_requested(outputs: dict[str, str], word: Word) -> None:
    """Where it is swallowed in every run, no other run shows a difference; with all outputs it may be of no account."""
    crashed = replace(WORK, exit_code=None, killed_by=6)
    verdict = judged(NONZERO, image(), ran(SHELL, crashed, of=request(outputs=outputs)), empty_inputs(host()))
    expected = (
        "Expected algo-1 to exit non-zero when its program fails, but it exited with 0 although ['python3', '/x.py'] "
        "was killed by SIGABRT below process 1."
    )

    assert word is verdict.word
    assert (expected,) == verdict.violations


def test_each_host_of_the_run_as_requested_is_looked_at() -> None:
    """One that is well says nothing of the next."""
    crashed = replace(WORK, exit_code=None, killed_by=6)
    hosts = [ran(SHELL, work, of=request(outputs={})).hosts[0] for work in (WORK, crashed)]
    asked = request(outputs={}, hosts=2)
    verdict = judged(NONZERO, image(), outcome(*hosts, of=asked), empty_inputs(of=asked))
    (violation,) = verdict.violations

    assert Word.VIOLATES is verdict.word
    assert violation.startswith("Expected algo-2 to exit non-zero when its program fails, ")


def test_a_code_or_a_word_in_the_run_as_requested_is_nothing() -> None:
    """It is the usual run, whose words mean nothing; and a traceback beside its outputs was got over."""
    for usual in (ran(SHELL, replace(WORK, exit_code=3)), ran(stderr=TRACEBACK), ran(stderr="ERROR: no input\n")):
        assert Word.NOT_JUDGED is judged(NONZERO, image(), usual, empty_inputs(host())).word


def test_a_program_that_is_process_1_speaks_by_its_own_exit_code() -> None:
    """A child that fails and is made good for is no failure."""
    program = Process(1, 0, 1.0, (Execution(1.0, 1.0, ("python3", "/x.py"), "/usr/bin/python3"),), 9.0, 0)
    child = Process(7, 1, 2.0, (Execution(2.0, 2.0, ("git", "status"), "/usr/bin/git"),), 3.0, 128)
    good = host(stdout="finished\n", trace=Trace((program, child), tracer=2))

    found = judged("exit.nonzero-on-failure", image(), outcome(), empty_inputs(good))

    assert (Word.NOT_JUDGED, False) == (found.word, found.applies)
