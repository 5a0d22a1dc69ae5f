"""Chapter `exit`: the exit code tells whether the job succeeded, and nothing runs on after it."""

from dataclasses import replace
from typing import Any

import pytest

from conformance.job.request import JobRequest
from conformance.outcome.outcome import End, Host, JobStatus, Stop
from conformance.outcome.trace import Execution, Process, Signal, Trace
from conformance.rule.running import WATCHERS
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import (
    file,
    host,
    image,
    judged,
    not_started,
    outcome,
    request,
)

ZERO = "exit.zero-on-success"

TRACEBACK = """Traceback (most recent call last):
  File "/processing.py", line 3, in <module>
    main()
FileNotFoundError: no measurements
"""


def of_zero(ended: Host, *, of: JobRequest | None = None) -> Verdict:
    """The verdict on a job that ended so."""
    return judged(ZERO, image(), outcome(ended, of=of))


def test_a_job_that_exits_with_0_conforms() -> None:
    """Its log is its own affair."""
    assert Word.CONFORMS == of_zero(host(stderr=TRACEBACK)).word


@pytest.mark.parametrize(
    ("code", "meaning"),
    [(1, ""), (127, " (in a shell: command not found)"), (130, " (SIGINT)"), (137, " (SIGKILL)"), (255, "")],
)
def test_a_job_that_exits_otherwise_violates(code: int, meaning: str) -> None:
    """The sentence has the code, what it stands for by convention, and the last line on stderr."""
    verdict = of_zero(host(exit_code=code, stderr="reading\nno such table\n\n"))

    assert Word.VIOLATES == verdict.word
    assert (
        f"Expected algo-1 to exit with 0, but it exited with code {code}{meaning}; stderr says: 'no such table'.",
    ) == verdict.violations


def test_arguments_that_the_program_refuses_are_named() -> None:
    """They are the request's."""
    asked = request(overrides={"ContainerArguments": ["--rows", "3"]})
    (violation,) = of_zero(host(exit_code=2, stderr="x.py: error: unrecognized arguments: --rows"), of=asked).violations

    assert violation.endswith("rather than the image: its ContainerArguments are ['--rows', '3'].")


def test_without_a_log_there_are_no_last_words() -> None:
    """The sentence ends with the code."""
    assert ("Expected algo-1 to exit with 0, but it exited with code 3.",) == of_zero(host(exit_code=3)).violations


def test_a_long_line_is_cut() -> None:
    """A report is not the place for a log."""
    (violation,) = of_zero(host(exit_code=1, stderr="x" * 10_000)).violations

    assert len(violation) < 400


def test_running_out_of_memory_is_not_judged() -> None:
    """It once was a violation; but the memory is that of the engine, and the instance may have more."""
    verdict = of_zero(host(exit_code=137, out_of_memory=True))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert (
        "algo-1 ran out of memory; the memory is that of this engine, not of the instance: use an engine with more "
        "memory, or raise --image-limit=memory=SIZE"
    ) == verdict.reason


def test_a_program_that_survives_a_killed_child_conforms() -> None:
    """The engine says OOMKilled of the container, and the program exits with 0."""
    assert Word.CONFORMS == of_zero(host(exit_code=0, out_of_memory=True)).word


def beyond_its_limit(code: int = 137, processor_seconds: float | None = 0.004, **rest: Any) -> Host:  # noqa: ANN401 - the fields of Host
    """How a host ended that was idle when MaxRuntimeInSeconds were over, unless more is said of its last second."""
    return host(exit_code=code, end=End.MAX_RUNTIME, seconds=60.0, processor_seconds=processor_seconds, **rest)


@pytest.mark.parametrize("processor_seconds", [0.0, 0.004, 0.029])
def test_an_idle_job_beyond_its_own_limit_violates(processor_seconds: float) -> None:
    """MaxRuntimeInSeconds is what the user asked for, and no faster machine would have ended it sooner."""
    verdict = of_zero(beyond_its_limit(processor_seconds=processor_seconds))

    assert Word.VIOLATES == verdict.word
    assert "within MaxRuntimeInSeconds, but it was still running after 60 s" in verdict.violations[0]


@pytest.mark.parametrize(
    ("processor_seconds", "said"),
    [
        (None, "algo-1 was still running, and it is not known whether it was working; "),
        (0.03, "algo-1 was still working after 60 s; "),
        (1.9, "algo-1 was still working after 60 s; "),
    ],
    ids=["unknown", "a little", "two processors"],
)
def test_a_busy_job_beyond_its_own_limit_is_not_judged(processor_seconds: float | None, said: str) -> None:
    """It once was a violation; but the processors are those of the engine, and an instance may have faster ones."""
    verdict = of_zero(beyond_its_limit(processor_seconds=processor_seconds))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert verdict.reason.startswith(said)
    assert verdict.reason.endswith("not of the instance: raise MaxRuntimeInSeconds")


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
    (violation,) = of_zero(beyond_its_limit(trace=trace, stop=STOP)).violations

    assert violation.endswith(
        "still running after 60 s: ['python3', '/x.py'] had exited with 0, but ['tail', '-f', '/dev/null'] had not."
    )


def test_what_the_stop_ended_ran_until_then() -> None:
    """And what ends of it is not what had done its work."""
    working = replace(WORK, ended=60.1, exit_code=130)
    trace = Trace((replace(SHELL, ended=60.2, exit_code=130), working), (SIGINT,), tracer=2)
    stopped = beyond_its_limit(130, trace=trace, stop=Stop("SIGINT", 0.2, killed=False))
    (violation,) = of_zero(stopped).violations

    assert violation.endswith("still running after 60 s: ['python3', '/x.py'].")


def test_many_processes_that_ran_are_counted() -> None:
    """Three are named."""
    servers = (replace(WORK, pid=pid, ended=None, exit_code=None) for pid in range(10, 15))
    trace = Trace((SHELL, *servers), (SIGINT,), tracer=2)
    (violation,) = of_zero(beyond_its_limit(trace=trace, stop=STOP)).violations

    assert violation.count("['python3', '/x.py']") == 3
    assert violation.endswith(" and 2 more.")


@pytest.mark.parametrize(
    ("trace", "untraced"),
    [(None, ""), (Trace((SHELL, WORK, TAIL), (SIGINT,), tracer=2), "left to a debugger"), (Trace(), "")],
    ids=["none", "incomplete", "empty"],
)
def test_processes_that_nobody_saw_are_no_evidence(trace: Trace | None, untraced: str) -> None:
    """The sentence ends with the time."""
    ended = beyond_its_limit(trace=trace, untraced=untraced, stop=STOP)
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
    assert "the engine reported: no such file" in verdict.violations[0]


def test_a_program_below_opt_ml_explains_the_exit_code() -> None:
    """One flaw, one violation."""
    hidden = image(file("/opt/ml/code/x.py"), entrypoint=["python3", "/opt/ml/code/x.py"])
    verdict = judged(ZERO, hidden, outcome(host(exit_code=2, stderr="can't open file")))

    assert Word.NOT_JUDGED == verdict.word
    assert verdict.reason.endswith("see reserved.nothing-required")


def test_a_process_that_is_left_is_named() -> None:
    """It is killed when process 1 exits."""
    first = Process(1, 0, 1.0, (Execution(1.0, 1.0, ("python3", "/x.py"), "/usr/bin/python3"),), 9.0, 0)
    left = Process(7, 1, 2.0, (Execution(2.0, 2.0, ("aws", "s3", "sync"), "/usr/bin/aws"),))

    found = judged("exit.no-process-left", image(), outcome(host(trace=Trace((first, left), tracer=2))))

    assert Word.ADVISED is found.word
    assert "exited while these were running: ['aws', 's3', 'sync']." in found.violations[0]


@pytest.mark.parametrize("name", WATCHERS)
def test_what_watches_for_its_parents_end_is_not_left(name: str) -> None:
    """Helpers of Python end with it and have nothing to write; a worker that is a fork of one is left all the same."""
    first = Process(1, 0, 1.0, (Execution(1.0, 1.0, ("python3", "/x.py"), "/usr/bin/python3"),), 9.0, 0)
    command = ("/usr/bin/python3", "-c", f"from {name} import main;main(5)")
    helper = Process(7, 1, 2.0, (Execution(2.0, 2.0, command, "/usr/bin/python3"),))

    alone = judged("exit.no-process-left", image(), outcome(host(trace=Trace((first, helper), tracer=2))))
    worker = Process(8, 7, 3.0)
    beside = judged("exit.no-process-left", image(), outcome(host(trace=Trace((first, helper, worker), tracer=2))))

    assert Word.CONFORMS is alone.word
    assert Word.ADVISED is beside.word


def test_a_fork_that_is_left_is_named_by_what_it_is_a_fork_of() -> None:
    """It has executed nothing itself."""
    first = Process(1, 0, 1.0, (Execution(1.0, 1.0, ("python3", "/x.py"), "/usr/bin/python3"),), 9.0, 0)
    found = judged("exit.no-process-left", image(), outcome(host(trace=Trace((first, Process(7, 1, 2.0)), tracer=2))))

    assert "exited while these were running: a fork of ['python3', '/x.py']." in found.violations[0]


def test_processes_that_ended_before_are_well() -> None:
    """However many."""
    first = Process(1, 0, 1.0, (), 9.0, 0)
    ended = Process(7, 1, 2.0, (), 8.9, 0)

    found = judged("exit.no-process-left", image(), outcome(host(trace=Trace((first, ended), tracer=2))))

    assert Word.CONFORMS is found.word


@pytest.mark.parametrize("trace", [None, Trace((SHELL, TAIL), tracer=2)], ids=["none", "incomplete"])
def test_processes_that_nobody_saw_are_not_judged(trace: Trace | None) -> None:
    """The reason is the tracer's own."""
    found = judged("exit.no-process-left", image(), outcome(host(trace=trace, untraced="ptrace is forbidden")))

    assert (Word.NOT_JUDGED, "", True) == (found.word, found.see, found.applies)
    assert "its processes could not be traced: ptrace is forbidden" == found.reason


def test_what_was_stopped_left_no_process_by_itself() -> None:
    """That it had to be is told of elsewhere."""
    found = judged("exit.no-process-left", image(), outcome(beyond_its_limit()))

    assert (Word.NOT_JUDGED, ZERO, True) == (found.word, found.see, found.applies)


def test_a_command_of_the_requests_own_fails_for_itself() -> None:
    """That the image's own ENTRYPOINT is not there explains nothing, since it is not run."""
    broken = image(entrypoint=("/not-there",))
    own = request(overrides={"ContainerEntrypoint": ["python3", "/processing.py"]})

    overridden = judged(ZERO, broken, outcome(host(exit_code=3), of=own))
    default = judged(ZERO, broken, outcome(host(exit_code=3)))

    assert Word.VIOLATES is overridden.word
    assert (Word.NOT_JUDGED, "image.entrypoint-exists") == (default.word, default.see)


EMPTY_MODEL = image(file("/opt/ml/model/README.md"))
GONE = host(exit_code=1, stderr="no such file: /opt/ml/model/README.md\n")


def test_a_job_that_succeeds_with_the_images_own_opt_ml_is_told_of_there() -> None:
    """That it fails without it is a violation of that rule, and of none besides."""
    verdict = judged(ZERO, EMPTY_MODEL, outcome(), outcome(GONE))

    assert (Word.NOT_JUDGED, "reserved.works-when-replaced", True) == (verdict.word, verdict.see, verdict.applies)
    assert verdict.reason.startswith("the job succeeds with the image's own /opt/ml; see ")


@pytest.mark.parametrize("own", [GONE, host(exit_code=137, end=End.SUITE_LIMIT), not_started("no")])
def test_a_job_that_fails_with_the_images_own_opt_ml_too_violates(own: Host) -> None:
    """By how it ended without it."""
    (violation,) = judged(ZERO, EMPTY_MODEL, outcome(own), outcome(GONE)).violations

    assert "algo-1 to exit with 0, but it exited with code 1; stderr says: 'no such file" in violation


def test_a_program_that_succeeds_conforms_though_its_message_fails_the_job() -> None:
    """Which is told of elsewhere; its own /opt/ml makes no difference to that."""
    failed = replace(outcome(), status=JobStatus.FAILED)

    assert Word.CONFORMS is judged(ZERO, EMPTY_MODEL, failed).word
    assert Word.CONFORMS is judged(ZERO, EMPTY_MODEL, outcome(), failed).word
