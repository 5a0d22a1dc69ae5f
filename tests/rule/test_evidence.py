"""What two runs of a job show when they are held against each other, and what of it a sentence quotes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.job.conditions import AS_CHOSEN, Lifted
from conformance.job.request import JobRequest
from conformance.outcome.outcome import End, Host, JobStatus, Outcome, Trial
from conformance.outcome.resolution import Queries, Query
from conformance.rule import evidence
from conformance.rule.declaration import DoesNotApply, NotJudged
from tests.support.outcomes import OUTPUT, directory, file, host, link, not_started, outcome, process, ran, request

RESULT = file(f"{OUTPUT}/part-1")
TWO = request(outputs={"a": "/opt/ml/processing/a", "b": "/opt/ml/processing/b"})


def of_two(*names: str) -> Outcome:
    """The outcome of a job of two outputs that wrote these."""
    return outcome(host(*(file(f"/opt/ml/processing/{name}/x") for name in names)), of=TWO)


def test_lines_are_those_of_both_streams() -> None:
    """Without empty ones and margins, stderr last, also where stdout does not end its last line."""
    said = host(stdout="  one\r\n\n two", stderr="three\n \n")

    assert ["one", "two", "three"] == evidence.lines(said)


@pytest.mark.parametrize(
    ("stderr", "words"),
    [
        ("", ""),
        (" \n\n", ""),
        ("reading\n no such table \n\n", "; stderr says: 'no such table'"),
        ("x" * 201, f"; stderr says: '{'x' * 200}'"),
        ("it's\x1b[0m", '; stderr says: "it\'s\\x1b[0m"'),
    ],
    ids=["none", "blank", "last", "long", "odd"],
)
def test_the_last_words_are_quoted(stderr: str, words: str) -> None:
    """The line that tells most, as the end of a sentence; of a program that succeeded stdout is not asked."""
    assert words == evidence.last_words(host(stdout="done\n", stderr=stderr))


@pytest.mark.parametrize(
    ("count", "words"), [(0, ""), (1, "0"), (3, "0, 1, 2"), (4, "0, 1, 2 and 1 more"), (99, "0, 1, 2 and 96 more")]
)
def test_many_things_are_counted(count: int, words: str) -> None:
    """Three are named."""
    assert words == evidence.some_of([str(number) for number in range(count)])


def test_things_that_hold_commas_are_told_apart_otherwise() -> None:
    """As command lines do."""
    assert "[1, 2]; [3]" == evidence.some_of(["[1, 2]", "[3]"], "; ")


def test_outputs_are_named_in_a_sentence() -> None:
    """One, and several."""
    assert "output a" == evidence.named(["a"])
    assert "outputs a, b" == evidence.named(["a", "b"])


@pytest.mark.parametrize(
    ("good", "other", "missing"),
    [
        (of_two("a", "b"), of_two("a", "b"), []),
        (of_two("a", "b"), of_two("b"), ["a"]),
        (of_two("a", "b"), of_two(), ["a", "b"]),
        (of_two("b"), of_two("a"), ["b"]),
        (of_two(), of_two(), []),
    ],
)
def test_missing_outputs_are_those_that_the_good_run_wrote(good: Outcome, other: Outcome, missing: list[str]) -> None:
    """What neither of them wrote is not missing, nor what the other one alone wrote."""
    assert missing == evidence.missing_outputs(good, other)


@pytest.mark.parametrize(
    ("left", "missing"), [(link(f"{OUTPUT}/latest", "x"), []), (directory(f"{OUTPUT}/deep"), ["result"])]
)
def test_links_are_written_and_directories_are_not(left: object, missing: list[str]) -> None:
    """S3 has no directories; that links are not uploaded is told elsewhere."""
    assert missing == evidence.missing_outputs(outcome(), outcome(host(left)))  # type: ignore[arg-type] # a file


ENDS = {
    "exit 0": host(),
    "exit 1": host(exit_code=1),
    "limit of the job": host(exit_code=0, end=End.MAX_RUNTIME),
    "limit of the suite": host(exit_code=0, end=End.SUITE_LIMIT),
    "stop": host(exit_code=0, end=End.STOPPED),
    "no start": not_started("no such file"),
}


@pytest.mark.parametrize("how", ENDS)
def test_only_what_exits_with_0_by_itself_has_succeeded(how: str) -> None:
    """A program that was stopped may exit with 0, and has not done its work."""
    run = outcome(ENDS[how])

    assert (how == "exit 0") == evidence.succeeded(run)


def test_one_host_that_fails_is_enough() -> None:
    """Success is that of all."""
    both = replace(outcome(), hosts=(ENDS["exit 0"], ENDS["exit 1"]))

    assert not evidence.succeeded(both)


def test_a_message_that_fails_the_job_fails_no_program() -> None:
    """The job has Failed, which says nothing of what the program did."""
    run = replace(outcome(), status=JobStatus.FAILED)
    evidence.needs_success(run)

    assert evidence.succeeded(run)


@pytest.mark.parametrize("how", [how for how in ENDS if how != "exit 0"])
def test_a_run_that_did_not_succeed_is_held_against_nothing(how: str) -> None:
    """The check that says why it did not is named."""
    with pytest.raises(NotJudged, match="the unmodified job already fails") as raised:
        evidence.needs_success(outcome(ENDS[how]))

    assert ("exit.zero-on-success", False) == (raised.value.see, isinstance(raised.value, DoesNotApply))


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (host(), "exited with code 0"),
        (host(exit_code=3, stderr="no\n"), "exited with code 3; stderr says: 'no'"),
        (host(exit_code=1, stdout="no\n"), "exited with code 1; stdout says: 'no'"),
        (host(exit_code=134), "exited with code 134 (SIGABRT)"),
        (
            host(exit_code=135),
            "exited with code 135 (SIGBUS, for example from a write to a full /dev/shm, which has 64 MiB here)",
        ),
        (host(exit_code=137), "exited with code 137 (SIGKILL)"),
        (host(exit_code=137, out_of_memory=True), "exited with code 137 (SIGKILL, out of memory)"),
        (host(exit_code=1, out_of_memory=True), "exited with code 1"),
        (host(exit_code=139, stderr="x"), "exited with code 139 (SIGSEGV); stderr says: 'x'"),
        (host(exit_code=126), "exited with code 126 (in a shell: command cannot be executed)"),
        (host(exit_code=127), "exited with code 127 (in a shell: command not found)"),
        (host(exit_code=255), "exited with code 255"),
        (host(exit_code=137, end=End.SUITE_LIMIT, stderr="no"), "was stopped at the suite's own time limit"),
        (host(exit_code=137, end=End.MAX_RUNTIME), "was stopped at MaxRuntimeInSeconds"),
        (not_started("no such file"), "did not start: no such file"),
    ],
)
def test_an_end_is_told(ended: Host, words: str) -> None:
    """After the host's name."""
    assert words == evidence.end_of(ended)


SHELL = process(1, 0, "/bin/sh", "/run.sh")
WORK = process(8, 1, "python3", "/processing.py")


def test_the_program_is_that_below_the_wrapper() -> None:
    """With the trace that shows it."""
    (ended,) = ran(SHELL, WORK).hosts

    assert (WORK, ended.trace) == evidence.program_of(ended)


def test_a_script_that_does_its_work_by_common_tools_is_the_program() -> None:
    """One of the tools may be meant, and it is the script that was started."""
    (ended,) = ran(SHELL, process(8, 1, "/bin/cp", "a", "b")).hosts

    assert SHELL == evidence.program_of(ended)[0]


TOOLS_BELOW = (process(1, 0, "/usr/bin/tini", "/run.sh"), process(7, 1, "/bin/sh", "/run.sh"), process(8, 7, "/bin/cp"))


@pytest.mark.parametrize(
    ("ended", "reason", "applies"),
    [
        (host(untraced="ptrace is forbidden"), "could not be traced: ptrace is forbidden", True),
        (ran(SHELL, WORK, untraced="left to a debugger").hosts[0], "could not be traced: left to a debugger", True),
        (ran(SHELL, process(7, 1, "/redis"), WORK).hosts[0], "no single process does the work: process 8", False),
        (
            ran(*TOOLS_BELOW).hosts[0],
            "no single process does the work: the shell in process 7 only started",
            False,
        ),
    ],
    ids=["no trace", "incomplete", "two at once", "tools below an init"],
)
def test_a_program_that_cannot_be_told_is_not_guessed(ended: Host, reason: str, applies: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """The reason says what is in doubt; where there is no one program, nothing can be asked of it."""
    with pytest.raises(NotJudged, match=reason) as raised:
        evidence.program_of(ended)

    assert applies != isinstance(raised.value, DoesNotApply)


def shortfalls(changed: Host, *, good: Outcome | None = None, of: JobRequest | None = None) -> list[str]:
    """What a changed run lacks of what a good one did."""
    return list(evidence.shortfalls(good or outcome(of=of), outcome(changed, of=of)))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (host(RESULT), []),
        (host(RESULT, file(f"{OUTPUT}/more"), stderr="Traceback\n"), []),
        (host(exit_code=3, stderr="no\n"), ["algo-1 exited with code 3; stderr says: 'no'"]),
        (host(exit_code=137, end=End.MAX_RUNTIME), ["algo-1 was stopped at MaxRuntimeInSeconds"]),
        (host(RESULT, exit_code=0, end=End.MAX_RUNTIME), ["algo-1 was stopped at MaxRuntimeInSeconds"]),
        (host(exit_code=0, end=End.MAX_RUNTIME), ["algo-1 was stopped at MaxRuntimeInSeconds"]),
        (not_started("no such file"), ["algo-1 did not start: no such file"]),
        (host(), ["nothing was written to output result"]),
    ],
)
def test_what_a_changed_run_lacks_is_told_once(changed: Host, expected: list[str]) -> None:
    """A run that failed is not asked for its outputs as well; what it logs is its own affair."""
    assert expected == shortfalls(changed)


def test_a_run_at_the_suites_limit_lacks_nothing_that_is_known() -> None:
    """The limit is none of the contract's."""
    with pytest.raises(NotJudged, match=r"algo-1 was still running after 300 s, the suite's own time limit"):
        shortfalls(host(exit_code=137, end=End.SUITE_LIMIT, seconds=300.4))


WAITING = host(exit_code=137, end=End.SUITE_LIMIT, seconds=300.4)
RAN_ON = host(exit_code=137, end=End.MAX_RUNTIME)


def of_hosts(*hosts: Host, **rest: Any) -> list[str]:  # noqa: ANN401 - of `shortfalls`
    """What several hosts lack of a job that went well."""
    return list(evidence.shortfalls(outcome(*[host(RESULT)] * len(hosts)), outcome(*hosts), **rest))


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        ((host(), host(RESULT)), []),
        ((host(RESULT), host(exit_code=3)), ["algo-2 exited with code 3"]),
        ((host(exit_code=3), host(), host(exit_code=4)), ["algo-1 exited with code 3", "algo-3 exited with code 4"]),
        ((WAITING, host(exit_code=3)), ["algo-2 exited with code 3"]),
        ((not_started("no"), WAITING), ["algo-1 did not start: no"]),
        ((host(exit_code=3), RAN_ON), ["algo-1 exited with code 3", "algo-2 was stopped at MaxRuntimeInSeconds"]),
        ((host(), host()), ["nothing was written to output result"]),
        ((host(), host(exit_code=3)), ["algo-2 exited with code 3"]),
    ],
)
def test_of_several_hosts_those_are_told_that_ended_badly(hosts: tuple[Host, ...], expected: list[str]) -> None:
    """Whichever wrote the outputs; one at the suite's own limit may have waited for one that failed."""
    assert expected == of_hosts(*hosts)


@pytest.mark.parametrize("other", [host(RESULT), RAN_ON])
def test_without_a_failure_a_host_at_the_suites_limit_leaves_all_open(other: Host) -> None:
    """Also where the other one came to a limit of its own."""
    with pytest.raises(NotJudged, match="algo-2 was still running after 300 s"):
        of_hosts(other, WAITING)


def test_a_change_that_takes_time_is_given_it() -> None:
    """One that failed had no need of more; MaxRuntimeInSeconds is 60."""
    with pytest.raises(NotJudged, match="algo-2 was stopped at MaxRuntimeInSeconds, but with this change the job may"):
        of_hosts(host(), RAN_ON, may_take_seconds=60.5)

    assert ["algo-2 was stopped at MaxRuntimeInSeconds"] == of_hosts(host(), RAN_ON, may_take_seconds=60.0)
    assert 2 == len(of_hosts(host(exit_code=1), RAN_ON, may_take_seconds=99.0))


def test_more_is_said_of_hosts_that_ended_badly() -> None:
    """Of each by itself."""
    assert ["algo-2 exited with code 3, as algo-2 would"] == of_hosts(
        host(RESULT), host(exit_code=3), more=lambda ended: f", as {ended.name} would"
    )


@pytest.mark.parametrize("how", ENDS)
def test_only_who_ends_without_being_stopped_fails_by_itself(how: str) -> None:
    """One that never began has failed too."""
    ended = ENDS[how]

    assert (how == "exit 0", how in {"exit 1", "no start"}) == (
        evidence.did_well(ended),
        evidence.failed_by_itself(ended),
    )


def test_a_good_run_that_was_none_is_said_first() -> None:
    """Whatever became of the changed one."""
    with pytest.raises(NotJudged, match="the unmodified job already fails"):
        shortfalls(host(exit_code=1), good=outcome(host(exit_code=1)))


# Runs of one job

LIFTED = AS_CHOSEN.lifting(Lifted.MOUNTS)


def tried(*trials: Trial) -> Outcome:
    """The outcome of a job that was run so often."""
    return replace(outcome(host(exit_code=1)), trials=trials)


@pytest.mark.parametrize(
    ("trials", "said"),
    [
        ((), "it did not write all its outputs"),
        ((Trial(AS_CHOSEN, alone=False, succeeded=False),), "it did not write all its outputs"),
        ((Trial(LIFTED, alone=True, succeeded=False, said="other"),), "it did not write all its outputs"),
        (
            (
                Trial(LIFTED, alone=True, succeeded=False, said="other"),
                Trial(AS_CHOSEN, alone=False, succeeded=False),
                Trial(AS_CHOSEN.untraced(), alone=True, succeeded=False, said="algo-1 exited with 1"),
                Trial(AS_CHOSEN, alone=True, succeeded=False, said="algo-1 exited with 2"),
            ),
            "algo-1 exited with 1",
        ),
    ],
    ids=["none", "silent", "lifted", "first"],
)
def test_how_a_job_failed_is_told_of_the_runs_as_chosen(trials: tuple[Trial, ...], said: str) -> None:
    """The first of them that says something; one with a choice lifted may have failed of something else."""
    assert said == evidence.failed_at_first(tried(*trials))


def test_a_job_that_fails_now_and_then_is_counted() -> None:
    """And the first of its failures is told."""
    good = Trial(AS_CHOSEN, alone=True, succeeded=True, said="nothing")
    bad = [Trial(AS_CHOSEN, alone=True, succeeded=False, said=f"algo-1 exited with {code}") for code in (1, 2)]

    assert "intermittent failure: 2 of 3 runs of the job failed; algo-1 exited with 1" == evidence.now_and_then(
        tried(good, *bad)
    )
    assert "intermittent failure: 0 of 1 runs of the job failed" == evidence.now_and_then(tried(good))


# What a host asked its name server


def asked_for(*names: str) -> Outcome:
    """A run whose only host asked for these names."""
    return replace(
        outcome(host(address="10.0.0.11")),
        queries=Queries(tuple(Query(1.0, "10.0.0.11", name, "A", "NXDOMAIN", "", delayed=False) for name in names)),
    )


@pytest.mark.parametrize(
    ("names", "outside"),
    [
        (("example.org", "example.org."), ["example.org"]),
        (("algo-1", "algo-1.example.com", "printer", "printer.example.com"), []),
        (("x.internal", "11.0.0.10.in-addr.arpa", "s3.amazonaws.com"), ["s3.amazonaws.com"]),
        ((), []),
    ],
)
def test_names_of_the_outside_are_told_once(names: tuple[str, ...], outside: list[str]) -> None:
    """With a dot at the end, as for a name that is whole, and without it is the same name."""
    run = asked_for(*names)

    assert outside == evidence.asked_outside(run, run.hosts[0])


def test_without_a_name_server_nothing_was_asked() -> None:
    """That is so of one host on no network."""
    run = outcome(host(address="10.0.0.11"))

    assert ("", []) == (evidence.questions(run, run.hosts[0]), evidence.asked_outside(run, run.hosts[0]))
    assert "" == evidence.questions(asked_for(), asked_for().hosts[0])
