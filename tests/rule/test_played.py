"""Which program the suite's own plays the part of where there is no job, and what that shows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest

from conformance.checks import load_checks
from conformance.job.model import model_faults
from conformance.job.standin import MARK, StandIn, own_request
from conformance.job.validation import service_faults
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Outcome, Stop
from conformance.outcome.trace import Process, Signal, Trace
from conformance.rule import played
from conformance.rule.declaration import NotJudged
from conformance.rule.played import SHOWN
from conformance.verdict.verdict import Word
from tests.support.outcomes import (
    becoming,
    elf,
    empty_inputs,
    file,
    host,
    image,
    judged,
    not_started,
    outcome,
    process,
    program,
    ran,
)

PYTHON = "/usr/bin/python3.12"
SCRIPT = ("python3", "/processing.py")
WRAPPER = image(program("/run.sh", b"#!/bin/sh\n"), entrypoint=["/run.sh"])
SHELL = process(1, 0, "/bin/sh", "/run.sh", executable="/bin/dash")
OWN = own_request("example:1")
DIRECT = StandIn(PYTHON, SCRIPT)
WRAPPED = StandIn(PYTHON, SCRIPT, is_wrapped=True)


def start(*processes: Process, **rest: object) -> Outcome:
    """A start of the image's own program."""
    return ran(*processes, of=OWN, **rest)


def own(
    part: StandIn = WRAPPED, *processes: Process, variation: Variation = Variation.AS_REQUESTED, **rest: object
) -> Outcome:
    """A run of the suite's own request."""
    tree = processes or (SHELL, process(7, 1, *SCRIPT))
    return replace(ran(*tree, of=OWN, **rest), stand_in=part, variation=variation)


def test_the_suites_own_request_is_one_that_the_api_takes() -> None:
    """It is valid by the API's model and the service's rules."""
    document = dict(OWN.document)

    assert [] == [*model_faults(document), *service_faults(document)]
    assert OWN.is_own


def test_shown_checks_exist_and_need_a_request() -> None:
    """A stand-in shows something of checks that judge a job, by ids that exist."""
    needing = {check.id for check in load_checks() if check.job is not None and check.job.needs_request}

    assert set(SHOWN) <= needing


@pytest.mark.parametrize(
    ("entrypoint", "cmd", "expected"),
    [
        (SCRIPT, (), StandIn(PYTHON, SCRIPT)),
        (SCRIPT, ("--fast",), StandIn(PYTHON, (*SCRIPT, "--fast"))),
        ((), SCRIPT, StandIn(PYTHON, SCRIPT)),
        (("/server",), (), StandIn("/server", ("/server",))),
        (("/run.sh",), (), None),
        (("/usr/bin/tini", "--", *SCRIPT), (), None),
        (("/bin/sh", "-c", "python3 /processing.py"), (), None),
        (("missing",), (), None),
        ((), (), None),
    ],
)
def test_a_program_that_the_engine_starts_is_known_without_a_run(
    entrypoint: Iterable[str], cmd: Iterable[str], expected: StandIn | None
) -> None:
    """Shells, inits and scripts start something else, which only a run shows."""
    files = [program(path, elf("")) for path in ("/server", "/usr/bin/tini", "/bin/sh")]
    of = image(program("/run.sh", b"#!/bin/sh\n"), *files, entrypoint=entrypoint, cmd=cmd)

    assert expected == played.direct(of)


@pytest.mark.parametrize(
    ("processes", "expected"),
    [
        ([SHELL, process(7, 1, *SCRIPT, MARK)], WRAPPED),
        ([SHELL, process(7, 1, *SCRIPT)], replace(WRAPPED, is_handed=False)),
        ([becoming(SHELL, *SCRIPT, "--fast", MARK)], replace(WRAPPED, command=(*SCRIPT, "--fast"))),
        # Of several programs it is the one that gets the arguments, however long the others took.
        (
            [
                SHELL,
                process(2, 1, "python3", "/check.py", ended=90.0),
                process(95, 1, *SCRIPT, MARK, ended=96.0),
            ],
            WRAPPED,
        ),
        ([SHELL, process(6, 1, "/usr/bin/redis-server"), process(7, 1, *SCRIPT, MARK)], WRAPPED),
        ([process(1, 0, *SCRIPT, MARK)], DIRECT),
    ],
    ids=["handed", "not handed", "by exec", "the shorter one", "beside another", "no wrapper"],
)
def test_the_program_of_a_wrapper_is_the_one_that_gets_its_arguments(
    processes: list[Process], expected: StandIn
) -> None:
    """It is told by the words before those arguments from other uses of the same interpreter."""
    assert expected == played.started(WRAPPER, start(*processes))


@pytest.mark.parametrize(("words", "expected"), [((*SCRIPT, "fast"), True), (SCRIPT, False), (("python3",), False)])
def test_what_gets_cmd_is_handed_the_arguments_too(words: tuple[str, ...], *, expected: bool) -> None:
    """ContainerArguments take the place of CMD, so a program that ends with its words would get them."""
    started = played.started(replace(WRAPPER, cmd=("fast",)), start(SHELL, process(7, 1, *words)))

    assert replace(WRAPPED, command=words, is_handed=expected) == started


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (
            start(SHELL, exit_code=2, stderr="MODEL is not set\n"),
            "it exited with code 2; stderr says: 'MODEL is not set'",
        ),
        (
            start(SHELL, process(7, 1, "mkdir", "/out")),
            "without a job, its command shows no program that does the work: it exited with code 0",
        ),
        (
            start(SHELL, process(6, 1, "/usr/bin/redis-server"), process(7, 1, *SCRIPT)),
            "that does the work: it exited with code 0, and process 7 (python3.12) ran alongside 6 (redis-server)",
        ),
        (start(SHELL, process(7, 1, *SCRIPT, MARK), untraced="cut off"), "could not be traced: cut off"),
        (
            start(SHELL, process(7, 1, "python3", "/check.py"), exit_code=3),
            "although ['python3', '/check.py'] did not fail",
        ),
        (
            start(SHELL, process(7, 1, "/tmp/made")),  # noqa: S108 - the container's
            "/tmp/made is no file of the image, so nothing can stand in for it",  # noqa: S108 - the same
        ),
        (outcome(not_started("no such file"), of=OWN), "see launch.default-command"),
        (outcome(host(untraced="no ptrace"), of=OWN), "no ptrace"),
    ],
)
def test_a_wrapper_that_starts_no_program_is_not_judged(outcome: Outcome, reason: str) -> None:
    """It may need what the suite cannot know, so it is quoted and not blamed."""
    with pytest.raises(NotJudged) as stop:
        played.started(WRAPPER, outcome)

    assert str(stop.value).endswith(reason)


def test_what_a_wrapper_starts_is_looked_for_in_several_ways() -> None:
    """With a mark among the arguments, without any, and with files below /opt/ml only where the image has some."""
    plain = list(played.starts(WRAPPER, OWN))
    shipped = list(played.starts(image(file("/opt/ml/env.sh"), entrypoint=[], cmd=["/run.sh"]), OWN))

    assert [((MARK,), Variation.START), (None, Variation.START)] == [(each.arguments, how) for each, how in plain]
    assert [(None, Variation.START), (None, Variation.OWN_RESERVED)] == [(each.arguments, how) for each, how in shipped]


@pytest.mark.parametrize(
    ("check_id", "part", "expected"),
    [
        ("exit.zero-on-success", DIRECT, Word.CONFORMS),
        ("exit.no-process-left", WRAPPED, Word.CONFORMS),
        ("logs.no-secrets", WRAPPED, Word.CONFORMS),
        ("logs.no-secrets", DIRECT, Word.NOT_JUDGED),
        ("outputs.no-symlinks", WRAPPED, Word.NOT_JUDGED),
    ],
)
def test_nothing_conforms_that_only_the_program_would_show(check_id: str, part: StandIn, expected: Word) -> None:
    """A wrapper's part is judged where there is a wrapper; the program's part never is."""
    verdict = judged(check_id, WRAPPER, own(part))

    assert (check_id, "", expected) == (verdict.check.id, verdict.request, verdict.word)
    assert ("needs a job" in verdict.reason) is (expected is Word.NOT_JUDGED)


def test_a_wrapper_that_fails_is_not_blamed() -> None:
    """It may need another job; its last words are quoted."""
    failed = own(exit_code=1, stderr="rm: cannot remove '/tmp/x'\n")
    verdict = judged("exit.zero-on-success", WRAPPER, failed)

    assert Word.NOT_JUDGED is verdict.word
    assert f"the wrapper of {PYTHON} exited with code 1; stderr says: \"rm: cannot remove '/tmp/x'\"" in verdict.reason


@pytest.mark.parametrize(
    ("part", "expected"), [(WRAPPED, Word.VIOLATES), (replace(WRAPPED, is_handed=False), Word.ADVISED)]
)
def test_an_exit_code_that_a_wrapper_swallows_is_found(part: StandIn, expected: Word) -> None:
    """A MUST only where the program that fails is certain to be what the container is for."""
    failing = Trace((SHELL, process(7, 1, *SCRIPT, exit_code=3)), tracer=2)
    ended = empty_inputs(host(stdout="", stderr="no data\n", trace=failing))
    swallowed = replace(ended, request=OWN, stand_in=part)

    assert expected is judged("exit.nonzero-on-failure", WRAPPER, own(part), swallowed).word


def test_a_stand_in_that_is_killed_as_requested_is_no_failure_of_the_program() -> None:
    """What it does with the suite's own request says nothing of what the program does when it fails."""
    killed = own(WRAPPED, SHELL, replace(process(7, 1, *SCRIPT), exit_code=None, killed_by=11))
    verdict = judged("exit.nonzero-on-failure", WRAPPER, killed, replace(empty_inputs(of=OWN), stand_in=WRAPPED))

    assert (Word.NOT_JUDGED, ()) == (verdict.word, verdict.violations)


def test_another_program_that_fails_is_not_blamed() -> None:
    """A real program that runs beside the stand-in has no job that it could do."""
    trace = Trace((SHELL, process(7, 1, "/usr/bin/other", exit_code=1)), tracer=2)
    stderr = 'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nValueError: none\n'
    failed = replace(empty_inputs(host(stdout="", stderr=stderr, trace=trace)), request=OWN, stand_in=WRAPPED)

    assert Word.NOT_JUDGED is judged("exit.nonzero-on-failure", WRAPPER, own(), failed).word


def test_files_below_opt_ml_may_be_what_the_program_needs() -> None:
    """That it works without them is certain only of an image that ships none."""
    shipping = image(file("/opt/ml/model/weights"))

    assert Word.CONFORMS is judged("reserved.works-when-replaced", image(), own(DIRECT)).word
    assert Word.NOT_JUDGED is judged("reserved.works-when-replaced", shipping, own(DIRECT)).word


def test_a_stand_in_shows_whose_python_is_unbuffered() -> None:
    """Behind a wrapper too, and whatever the wrapper exports."""
    quiet = replace(WRAPPER, environment={})
    work = process(7, 1, *SCRIPT)
    exported = replace(work, executions=(replace(work.executions[0], unbuffered=True),))
    runs = [own(WRAPPED, SHELL, each) for each in (work, exported)]

    verdicts = [judged("logs.unbuffered", quiet, runs=(run,)) for run in runs]

    assert [Word.ADVISED, Word.CONFORMS] == [verdict.word for verdict in verdicts]
    # There is no job of the user's to name.
    assert verdicts[0].violations[0].endswith("but python3 is started with neither.")


def stopped_at(work: Process) -> Outcome:
    """A run that was stopped while a wrapper had this process at work, which got no signal."""
    shell = replace(SHELL, ended=None, exit_code=None)
    trace = Trace((shell, replace(work, ended=None, exit_code=None)), (Signal(9.0, 9.0, 2, 0, 1, "caught"),), tracer=2)
    stopped = host(exit_code=137, end=End.STOPPED, stop=Stop("SIGINT", 10.0, killed=True), trace=trace)
    return replace(outcome(stopped, of=OWN, variation=Variation.STOPPED_BY_SIGINT), stand_in=WRAPPED)


@pytest.mark.parametrize("check_id", ["stop.sigint-reaches-the-program", "stop.ends-on-sigint"])
@pytest.mark.parametrize("command", [("python3", "/check.py"), (*SCRIPT, "--version")])
def test_what_comes_before_the_stand_in_is_not_blamed_for_a_stop(check_id: str, command: tuple[str, ...]) -> None:
    """Another use of the same program would have ended at once where no stand-in takes its place."""
    undisturbed = own(WRAPPED, SHELL, process(3, 1, *command, ended=4.0), process(7, 1, *SCRIPT))
    verdict = judged(check_id, WRAPPER, undisturbed, stopped_at(process(3, 1, *command)))

    assert Word.NOT_JUDGED is verdict.word
    assert f"{list(command)} was at work when the stop came, and not yet {list(SCRIPT)}" in verdict.reason


def test_a_stand_in_that_no_signal_reaches_is_told_of_whatever_else_ran() -> None:
    """What comes after it is another script, though of the same interpreter; and an undisturbed run may be unseen."""
    undisturbed = own(WRAPPED, SHELL, process(7, 1, *SCRIPT, ended=8.0), process(20, 1, "python3", "/after.py"))
    unseen = replace(undisturbed, hosts=tuple(replace(each, trace=None, untraced="no") for each in undisturbed.hosts))
    stopped = stopped_at(process(7, 1, *SCRIPT))
    verdicts = [judged("stop.sigint-reaches-the-program", WRAPPER, each, stopped) for each in (undisturbed, unseen)]

    assert [Word.ADVISED, Word.ADVISED] == [verdict.word for verdict in verdicts]


def test_corrupt_inputs_show_nothing_where_nothing_runs_before_the_program() -> None:
    """The stand-in is not even run with them then."""
    check = load_checks()["exit.nonzero-on-corrupt-input"]

    assert "needs a job" in judged(check.id, WRAPPER, own(DIRECT)).reason
    assert [played.NEEDS_REQUEST, ""] == [played.not_shown(check, WRAPPER, [own(part)]) for part in (DIRECT, WRAPPED)]


def test_a_stand_in_that_writes_nothing_need_not_say_so() -> None:
    """What it writes and logs is the suite's own, with corrupt inputs as well."""
    silent = replace(own(variation=Variation.CORRUPT_INPUTS), hosts=outcome(host(), of=OWN).hosts)
    verdict = judged("exit.nonzero-on-corrupt-input", WRAPPER, own(), own(), silent)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
