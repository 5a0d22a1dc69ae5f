"""How runs are made: under which conditions, beside which others, and once more in doubt."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import JobError
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Conditions, Lifted
from conformance.job.request import JobRequest
from conformance.job.standin import own_request, tried_request
from conformance.job.variation import Variation
from conformance.outcome.activity import Use
from conformance.outcome.outcome import End, Host, Outcome, Stop
from conformance.outcome.trace import Execution, Process, Signal, Trace
from conformance.rule.causes import MOST_RUNS
from conformance.rule.declaration import DoesNotApply
from conformance.rule.derived import BY_THEMSELVES, RESTING
from conformance.session.progress import Progress
from conformance.session.runs import Runs
from conformance.session.turns import Turns
from tests.support.outcomes import INPUT, elf, file, host, image, outcome, program, ran, request
from tests.support.trials import Flaw

SCRIPT = f"{INPUT}/main.py"
ASKED = request()
GOOD = outcome()
LIMITED = host(exit_code=137, end=End.MAX_RUNTIME, processor_seconds=0.0)


@dataclass(frozen=True)
class Call:
    """What a service was asked for, and whether nothing else ran."""

    request: JobRequest
    variation: Variation
    alone: bool
    how: dict[str, Any]

    @property
    def conditions(self) -> Conditions:
        """Those of the run."""
        conditions: Conditions = self.how.get("conditions", AS_CHOSEN)
        return conditions


class Watched(Turns):
    """Turns that tell which one is taken."""

    taken = ""

    @contextmanager
    def together(self) -> Iterator[None]:
        """Note it."""
        with super().together():
            self.taken = "together"
            yield
        self.taken = ""

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Note it."""
        with super().alone():
            self.taken = "alone"
            yield
        self.taken = ""


@dataclass
class Made:
    """A service that makes outcomes up, and notes what it is asked for; `ends` gives them by the number of the run."""

    turns: Watched
    ends: Callable[[int, Call], Outcome]
    calls: list[Call] = field(default_factory=list)

    def run(self, image: Image, request: JobRequest, variation: Variation, **how: Any) -> Outcome:  # noqa: ANN401 - as `Service.run`
        """Make it up."""
        assert image.reference
        assert self.turns.taken
        call = Call(request, variation, self.turns.taken == "alone", how)
        self.calls.append(call)
        made = self.ends(len(self.calls) - 1, call)
        return replace(made, request=request, variation=variation, conditions=call.conditions)

    def close(self) -> None:
        """Nothing is left."""


class Making:
    """Runs of an image over a service that makes outcomes up; `looked` counts how often its files were waited for."""

    def __init__(
        self,
        directory: Path,
        ends: Callable[[int, Call], Outcome],
        of: Image | None = None,
        suited: Callable[[JobRequest], JobRequest] = lambda request: request,
    ) -> None:
        """`ends` gives the outcomes."""
        turns = Watched(directory)
        self.image = of or image()
        self.looked = 0
        self.service = Made(turns, ends)
        self.runs = Runs(self.service, self.image, self._look, turns, Progress(300.0), suited)

    def _look(self) -> Image:
        self.looked += 1
        return self.image

    @property
    def made(self) -> list[tuple[Variation, Conditions, bool]]:
        """What was run, in short."""
        return [(call.variation, call.conditions, call.alone) for call in self.service.calls]


def as_by(flaw: Flaw) -> Callable[[int, Call], Outcome]:
    """Outcomes of a job with a flaw."""
    return lambda number, call: flaw.ends(number, call.conditions, alone=call.alone, of=call.request)


def ending(*hosts: Host) -> Callable[[int, Call], Outcome]:
    """Outcomes of which one after the other ends so, and the last for ever."""
    return lambda number, call: outcome(hosts[min(number, len(hosts) - 1)], of=call.request)


def test_a_job_that_succeeds_is_run_once_beside_others(tmp_path: Path) -> None:
    """And the image's files are not waited for."""
    making = Making(tmp_path, as_by(Flaw()))
    good = making.runs.as_requested(ASKED)

    assert [(Variation.AS_REQUESTED, AS_CHOSEN, False)] == making.made
    assert ((), False, 0) == (good.trials, good.unsteady, making.looked)


def test_a_job_that_fails_is_run_again_alone(tmp_path: Path) -> None:
    """Untraced, and with one choice lifted after the other; then once more as it was."""
    flaw = Flaw(needs=frozenset({Lifted.OWNERS}), said="PermissionError: /opt/ml/x")
    making = Making(tmp_path, as_by(flaw))
    judged = making.runs.as_requested(ASKED)

    assert [
        (Variation.AS_REQUESTED, AS_CHOSEN, False),
        (Variation.AS_REQUESTED, AS_CHOSEN.untraced(), True),
        (Variation.AS_REQUESTED, AS_CHOSEN.lifting(Lifted.OWNERS), True),
        (Variation.AS_REQUESTED, AS_CHOSEN, True),
    ] == making.made
    assert AS_CHOSEN.lifting(Lifted.OWNERS) == judged.conditions
    assert [False, True, True, True] == [trial.alone for trial in judged.trials]


@pytest.mark.parametrize(
    "ended",
    [host(exit_code=137, end=End.SUITE_LIMIT), host(end=End.NOT_STARTED, exit_code=127, stdout="", start_error="no")],
    ids=["suite's limit", "not started"],
)
def test_what_another_run_would_not_show_is_not_run_again(tmp_path: Path, ended: Host) -> None:
    """It is judged as it is."""
    making = Making(tmp_path, ending(ended))
    making.runs.as_requested(ASKED)

    assert (1, 0) == (len(making.made), making.looked)


def test_a_job_that_always_fails_comes_to_an_end(tmp_path: Path) -> None:
    """As many runs as the rules ask for."""
    making = Making(tmp_path, as_by(Flaw(fails=True, said="permission denied\nEXDEV\nshared memory\nExperimentConfig")))
    making.runs.as_requested(ASKED)

    assert 2 < len(making.made) <= MOST_RUNS


def test_an_error_of_the_service_is_none_of_the_job(tmp_path: Path) -> None:
    """It is raised, and others have their turn."""

    def refusing(number: int, call: Call) -> Outcome:
        raise JobError(f"no disk for run {number} of {call.variation}")

    making = Making(tmp_path, refusing)
    with pytest.raises(JobError, match="no disk for run 0"):
        making.runs.as_requested(ASKED)
    with pytest.raises(JobError, match="no disk for run 1"):
        making.runs.by_itself(ASKED, Variation.DEFAULT_COMMAND)


def test_a_changed_run_is_made_beside_the_undisturbed_one(tmp_path: Path) -> None:
    """Which is waited for afterwards."""
    making = Making(tmp_path, ending(host(exit_code=1)))
    counted: list[int] = []

    def good() -> Outcome:
        counted.append(len(making.made))
        return GOOD

    making.runs.changed(ASKED, Variation.EMPTY_INPUTS, good)

    assert [(Variation.EMPTY_INPUTS, AS_CHOSEN, False)] == making.made
    assert [1] == counted


def test_a_changed_run_is_made_again_as_the_undisturbed_one_had_to_be(tmp_path: Path) -> None:
    """Without the tracer, or with a choice lifted."""
    making = Making(tmp_path, as_by(Flaw()))
    lifted = replace(GOOD, conditions=AS_CHOSEN.lifting(Lifted.OWNERS))
    found = making.runs.changed(ASKED, Variation.CORRUPT_INPUTS, lambda: lifted)

    assert [AS_CHOSEN, lifted.conditions] == [conditions for _, conditions, _ in making.made]
    assert lifted.conditions == found.conditions


def test_a_changed_run_that_took_the_program_away_is_made_again(tmp_path: Path) -> None:
    """Only the undisturbed run shows that an argument names it."""
    asked = request(overrides={"ContainerArguments": [SCRIPT]})
    started = Process(1, 0, 1.0, (Execution(1.0, 1.0, ("python3", SCRIPT), "/usr/bin/python3"),), 9.0, 0)
    good = outcome(host(file(SCRIPT), trace=Trace((started,), tracer=2)), of=asked)
    making = Making(tmp_path, as_by(Flaw()))
    making.runs.changed(asked, Variation.EMPTY_INPUTS, lambda: good)

    assert [frozenset(), {"data"}] == [call.how["programs"] for call in making.service.calls]


def test_what_the_request_names_as_its_program_is_never_taken_away(tmp_path: Path) -> None:
    """One run is enough then."""
    asked = request(overrides={"ContainerEntrypoint": ["python3", SCRIPT]})
    making = Making(tmp_path, as_by(Flaw()))
    making.runs.changed(asked, Variation.EMPTY_INPUTS, lambda: outcome(of=asked))

    assert [{"data"}] == [call.how["programs"] for call in making.service.calls]


@pytest.mark.parametrize(
    ("ended", "good", "again"),
    [
        (LIMITED, GOOD, [False, True]),
        (host(exit_code=137, out_of_memory=True), GOOD, [False, True]),
        (LIMITED, outcome(LIMITED), [False]),
        (host(exit_code=1), GOOD, [False]),
    ],
    ids=["MaxRuntime", "memory", "limited anyway", "failed"],
)
def test_a_changed_run_that_struck_a_limit_is_made_again_alone(
    tmp_path: Path, ended: Host, good: Outcome, again: list[bool]
) -> None:
    """Others had a part of the machine; the undisturbed run did not strike it."""
    making = Making(tmp_path, ending(ended))
    making.runs.changed(ASKED, Variation.EMPTY_INPUTS, lambda: good)

    assert again == [alone for _, _, alone in making.made]


SHELL = Process(1, 0, 1.0, (Execution(1.0, 1.0, ("/bin/sh", "/run.sh"), "/bin/sh"),), 9.0, 0)
WORK = Process(7, 1, 2.0, (Execution(2.0, 2.0, ("/bin/work",), "/bin/work"),), 8.0, 0)
WRAPPED = ran(SHELL, WORK, seconds=8.0)
AT_WORK = Trace((SHELL, WORK), tracer=2, uses=(Use(9.0, "/opt/ml/processing/input/data/x.csv"),))
STOPPED = host(end=End.STOPPED, exit_code=143, stop=Stop("SIGTERM", 0.1, killed=False))


def test_a_run_that_rests_on_the_undisturbed_one_is_made_as_that_says(tmp_path: Path) -> None:
    """When it is stopped, under which conditions, and with which programs."""
    making = Making(tmp_path, ending(STOPPED))
    good = replace(WRAPPED, conditions=AS_CHOSEN.lifting(Lifted.OWNERS))
    making.runs.resting(Variation.STOPPED_BY_SIGTERM, good)

    (call,) = making.service.calls
    assert (3.0, None, "", good.conditions, False) == (
        call.how["stop_after_seconds"],
        call.how["cut_off_after_seconds"],
        call.how["stand_in"],
        call.conditions,
        call.alone,
    )


@pytest.mark.parametrize(
    ("ends", "runs"),
    [([STOPPED], 1), ([host(), STOPPED], 2), ([host(), host(), STOPPED], 2)],
    ids=["at once", "", "never"],
)
def test_what_ended_before_it_could_be_stopped_is_made_once_more(tmp_path: Path, ends: list[Host], runs: int) -> None:
    """Whether it has ended when its time comes depends on how fast the machine is just then."""
    making = Making(tmp_path, ending(*ends))
    made = making.runs.resting(Variation.STOPPED_BY_SIGTERM, WRAPPED)

    assert runs == len(making.made)
    assert ends[runs - 1].end is made.hosts[0].end


UNHEEDED = host(
    end=End.STOPPED, exit_code=0, stop=Stop("SIGTERM", 0.1, killed=False), trace=Trace((SHELL, WORK), tracer=2)
)


@pytest.mark.parametrize("first", [host(), UNHEEDED], ids=["ended before", "had no handler yet"])
def test_what_showed_nothing_half_way_is_stopped_at_its_work(first: Host, tmp_path: Path) -> None:
    """The time of its undisturbed run was that of a busy machine."""
    making = Making(tmp_path, ending(first, STOPPED))
    good = replace(WRAPPED, hosts=tuple(replace(each, trace=AT_WORK) for each in WRAPPED.hosts))
    making.runs.resting(Variation.STOPPED_BY_SIGTERM, good)

    assert [None, ("/bin/work",)] == [call.how["stop_at_work"] for call in making.service.calls]


def test_what_heeds_no_signal_that_came_after_its_work_had_begun_is_stopped_once(tmp_path: Path) -> None:
    """Whom that reached half-way shows more than at the first moment of its work, when little has been started."""
    arrival = Signal(9.5, 9.5, signal.SIGTERM, 0, 1, "default")
    unheeded = replace(UNHEEDED, trace=replace(AT_WORK, signals=(arrival,)))
    making = Making(tmp_path, ending(unheeded, STOPPED))
    good = replace(WRAPPED, hosts=tuple(replace(each, trace=AT_WORK) for each in WRAPPED.hosts))

    assert (unheeded,) == making.runs.resting(Variation.STOPPED_BY_SIGTERM, good).hosts
    assert [None] == [call.how["stop_at_work"] for call in making.service.calls]


def test_what_heeds_no_signal_at_its_work_is_stopped_once(tmp_path: Path) -> None:
    """It would do the same again."""
    making = Making(tmp_path, ending(UNHEEDED))
    good = replace(WRAPPED, hosts=tuple(replace(each, trace=AT_WORK, seconds=0.4) for each in WRAPPED.hosts))
    making.runs.resting(Variation.STOPPED_BY_SIGTERM, good)

    assert [("/bin/work",)] == [call.how["stop_at_work"] for call in making.service.calls]


def test_what_may_end_before_its_limit_is_made_once(tmp_path: Path) -> None:
    """Hosts that lose a peer are to notice, and are not stopped before they have."""
    making = Making(tmp_path, ending(host()))
    making.runs.resting(Variation.PEER_FAILS, WRAPPED)

    assert 1 == len(making.made)


def test_the_stand_in_takes_the_place_of_the_program(tmp_path: Path) -> None:
    """And the request has other arguments."""
    making = Making(tmp_path, as_by(Flaw()), image(entrypoint=["/run.sh"]))
    making.runs.resting(Variation.STAND_IN, WRAPPED)

    (call,) = making.service.calls
    assert "/bin/work" == call.how["stand_in"]
    assert call.request != ASKED


def test_a_run_that_could_only_show_the_same_is_not_made(tmp_path: Path) -> None:
    """The undisturbed one stands for it."""
    making = Making(tmp_path, as_by(Flaw()))

    assert GOOD == making.runs.resting(Variation.OWN_RESERVED, GOOD)
    assert [] == making.made


def test_a_run_that_would_show_nothing_is_not_made(tmp_path: Path) -> None:
    """Its reason is raised."""
    making = Making(tmp_path, as_by(Flaw()))
    with pytest.raises(DoesNotApply, match="use a job of more than 2 s"):
        making.runs.resting(Variation.STOPPED_BY_SIGINT, GOOD)

    assert [] == making.made


@pytest.mark.parametrize("traced", [True, False])
@pytest.mark.parametrize("variation", [Variation.AS_REQUESTED, Variation.EMPTY_INPUTS, Variation.STOPPED_BY_SIGINT])
def test_a_finding_is_made_once_more_alone(tmp_path: Path, variation: Variation, traced: bool) -> None:  # noqa: FBT001 - a case
    """Under the conditions of the undisturbed run, but for the tracer."""
    good = replace(WRAPPED, conditions=AS_CHOSEN.lifting(Lifted.MEMBERS))
    making = Making(tmp_path, as_by(Flaw()))
    making.runs.repeated(ASKED, variation, good, traced=traced)

    assert [(variation, replace(good.conditions, traced=traced), True)] == making.made
    assert (variation is Variation.STOPPED_BY_SIGINT) is (making.service.calls[0].how["stop_after_seconds"] is not None)


def test_what_had_to_be_run_without_the_tracer_is_so_once_more(tmp_path: Path) -> None:
    """Also where the tracer is asked for: with it the job fails."""
    making = Making(tmp_path, as_by(Flaw()))
    making.runs.repeated(ASKED, Variation.AS_REQUESTED, replace(GOOD, conditions=AS_CHOSEN.untraced()), traced=True)

    assert [AS_CHOSEN.untraced()] == [conditions for _, conditions, _ in making.made]


@pytest.mark.parametrize("variation", sorted(BY_THEMSELVES))
def test_what_has_nothing_to_do_with_the_undisturbed_run_needs_none(tmp_path: Path, variation: Variation) -> None:
    """Beside others at first, and once more alone."""
    making = Making(tmp_path, as_by(Flaw()))
    making.runs.by_itself(ASKED, variation)
    making.runs.repeated(ASKED, variation, None, traced=False)

    assert [(variation, AS_CHOSEN, False), (variation, AS_CHOSEN, True)] == making.made


def test_nobody_finds_out_why_a_program_fails_that_tries_the_suites_request(tmp_path: Path) -> None:
    """It is run once, by itself, with no stand-in and nothing lifted."""
    making = Making(tmp_path, ending(host(exit_code=1, stderr="PermissionError: /opt/ml/x\n")))
    judged = making.runs.as_requested(tried_request("example:1"))

    assert [(Variation.AS_REQUESTED, AS_CHOSEN, False)] == making.made
    assert [None] == [call.how["played"] for call in making.service.calls]
    assert () == judged.trials


def test_a_program_that_fails_gets_a_request_suited_to_it(tmp_path: Path) -> None:
    """All further runs are of that one, too."""
    tried = tried_request("example:1")
    written = replace(tried, document={**tried.document, "ProcessingInputs": []})
    making = Making(tmp_path, ending(host(exit_code=1), host()), suited=lambda _: written)
    good = making.runs.as_requested(tried)
    making.runs.changed(tried, Variation.EMPTY_INPUTS, lambda: good)
    making.runs.repeated(tried, Variation.EMPTY_INPUTS, good, traced=True)

    assert [tried, written, written, written] == [call.request for call in making.service.calls]


@pytest.mark.parametrize("ended", [host(exit_code=137, end=End.SUITE_LIMIT), GOOD.hosts[0]])
def test_a_request_is_suited_to_no_program_that_goes_on_or_did_it(tmp_path: Path, ended: Host) -> None:
    """The one would go on with the other as well."""
    done = replace(GOOD, hosts=(ended,), request=replace(ASKED, is_own=True, is_tried=True))
    making = Making(tmp_path, lambda *_: replace(done, uploads=GOOD.uploads), suited=lambda _: ASKED)
    making.runs.as_requested(done.request)

    assert 1 == len(making.made)


def test_a_stand_in_is_known_by_the_words_that_start_it(tmp_path: Path) -> None:
    """A ContainerEntrypoint may name its file where the wrapper gives it another name."""
    script = ("python3", "/processing.py")
    making = Making(tmp_path, ending(host()), image(program("/usr/bin/python3.12", elf()), entrypoint=script))
    own = own_request("example:1")
    for entrypoint in (None, ("/usr/bin/python3.12", "/processing.py")):
        making.runs.by_itself(own.overriding(entrypoint=entrypoint), Variation.OVERRIDDEN)

    assert [script, ("/usr/bin/python3.12", "/processing.py")] == [
        call.how["played"].command for call in making.service.calls
    ]


def test_every_run_that_is_asked_for_by_another_one_has_its_rule() -> None:
    """None of them is made by itself."""
    assert not BY_THEMSELVES & set(RESTING)
    assert {variation for variation in Variation if variation.stop_signal} <= set(RESTING)
