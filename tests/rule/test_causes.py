"""Why a job failed: which runs are asked for, and which of them is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.files.tree import File
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Lifted
from conformance.outcome.outcome import End, Host, Trial
from conformance.outcome.resolution import Queries
from conformance.outcome.trace import Trace
from conformance.rule.causes import MOST_RUNS, Tried, is_settled, next_conditions, settled
from conformance.rule.evidence import succeeded
from tests.support.outcomes import (
    address,
    directory,
    file,
    host,
    image,
    not_started,
    outcome,
    process,
    query,
    request,
)
from tests.support.trials import EVERYTHING, WORDS, Flaw, made, runs

USER = image(user="1000")
ISOLATED = request(NetworkConfig={"EnableNetworkIsolation": True})
REFUSED = WORDS[Lifted.OWNERS]


def of_host(ended: Host) -> Tried:
    """A first run that ended so."""
    return Tried(outcome(ended), alone=False)


def test_what_succeeds_is_run_once() -> None:
    """There is nothing to find out, so that the outcome is as it was."""
    (only,) = tried = runs(Flaw())

    assert is_settled(tried)
    assert only.outcome == settled(tried)


@pytest.mark.parametrize(
    "ended",
    [not_started("no such file"), host(exit_code=137, end=End.SUITE_LIMIT)],
    ids=["not started", "suite's limit"],
)
def test_what_never_began_or_never_ended_is_not_repeated(ended: Host) -> None:
    """Another run would show the same, after as long a time."""
    tried = [of_host(ended)]

    assert is_settled(tried)
    assert next_conditions(USER, tried) is None
    assert tried[0].outcome == settled(tried)


def test_what_fails_always_is_judged_by_its_first_run() -> None:
    """The choices that might have counted were lifted in vain; all runs are told of."""
    tried = runs(Flaw(fails=True))
    judged = settled(tried)

    assert ["traced", "untraced", "traced NO_NETWORK"] == [*made(tried)]
    assert (tried[0].outcome.seconds, AS_CHOSEN, False) == (judged.seconds, judged.conditions, judged.unsteady)
    assert [(False, "algo-1 exited with code 1; stderr says: 'ValueError: nothing to do'")] * 3 == [
        (trial.succeeded, trial.said) for trial in judged.trials
    ]
    assert [False, True, True] == [trial.alone for trial in judged.trials]


def test_what_is_isolated_is_not_given_a_network() -> None:
    """It asked for none."""
    tried = runs(Flaw(fails=True), asked=ISOLATED)

    assert ["traced", "untraced"] == [*made(tried)]
    assert [False, False] == [trial.succeeded for trial in settled(tried).trials]


def test_what_fails_only_with_the_tracer_is_judged_without_it() -> None:
    """It failed three times with it, and succeeded three times without."""
    tried = runs(Flaw(of_tracer=True))
    judged = settled(tried)

    assert ["traced", "untraced"] * 3 == [*made(tried)]
    assert (5.0, AS_CHOSEN.untraced(), False) == (judged.seconds, judged.conditions, judged.unsteady)


def test_what_fails_only_beside_others_fails_now_and_then() -> None:
    """One and the same run failed and succeeded, and nobody knows of what."""
    tried = runs(Flaw(of_neighbours=True))
    judged = settled(tried)

    assert ["traced", "untraced", "traced"] == [*made(tried)]
    assert (2.0, AS_CHOSEN, True) == (judged.seconds, judged.conditions, judged.unsteady)


@pytest.mark.parametrize(
    "ended",
    [host(exit_code=137, end=End.MAX_RUNTIME), host(exit_code=137, out_of_memory=True)],
    ids=["MaxRuntime", "memory"],
)
def test_what_strikes_a_limit_only_beside_others_is_judged_alone(ended: Host) -> None:
    """It had to share the machine with them, which is no chance."""
    well = runs(Flaw(of_neighbours=True))[1:]
    judged = settled([of_host(ended), *well])

    assert (2.0, False, True) == (judged.seconds, judged.unsteady, judged.trials[0].limited)


@pytest.mark.parametrize(
    ("chances", "expected", "seconds"),
    [
        ({0}, ["traced", "untraced", "traced"], 2.0),
        ({0, 2, 3}, ["traced", "untraced", "traced", "untraced"], 1.0),
        ({0, 2}, ["traced", "untraced", "traced", "untraced", "traced"], 1.0),
        ({0, 2, 4, 5}, ["traced", "untraced"] * 3, 1.0),
        ({0, 1}, ["traced", "untraced", "traced NO_NETWORK", "traced"], 3.0),
    ],
    ids=["once", "without the tracer", "not always with it", "not always without it", "twice"],
)
def test_what_fails_now_and_then_is_laid_to_nobody(chances: set[int], expected: list[str], seconds: float) -> None:
    """A run that succeeded is judged, of which other checks can tell something, and said to be unsteady."""
    tried = runs(Flaw(chances=frozenset(chances)))
    judged = settled(tried)

    assert expected == [*made(tried)]
    assert (seconds, True, True) == (judged.seconds, judged.unsteady, succeeded(judged))


@pytest.mark.parametrize("choice", Lifted)
def test_a_choice_that_counts_is_found(choice: Lifted) -> None:
    """By what the program says; what is judged did without it, and once more it failed with it."""
    tried = runs(Flaw(needs=frozenset({choice}), said=WORDS[choice]))
    judged = settled(tried)

    assert f"traced {choice.name}" == [*made(tried)][-2]
    assert "traced" == [*made(tried)][-1]
    assert (AS_CHOSEN.lifting(choice), False) == (judged.conditions, judged.unsteady)
    assert [False] * (len(tried) - 2) + [True, False] == [trial.succeeded for trial in judged.trials]


@pytest.mark.parametrize("choice", Lifted)
def test_a_choice_that_was_not_what_counted_is_laid_to_nobody(choice: Lifted) -> None:
    """The job succeeds where it is lifted, and where it is not, too."""
    number = len(runs(Flaw(needs=frozenset({choice}), said=WORDS[choice]))) - 2
    judged = settled(runs(Flaw(chances=frozenset(range(number)), said=WORDS[choice])))

    assert (AS_CHOSEN, True, True) == (judged.conditions, judged.unsteady, succeeded(judged))


def test_the_last_run_decides_whether_a_choice_counts_however_many_were_lifted() -> None:
    """The job succeeds where the second one is lifted, and then where none is."""
    tried = runs(Flaw(chances=frozenset({0, 1, 2}), said=REFUSED))
    judged = settled(tried)

    assert ["traced", "untraced", "traced OWNERS", "traced NO_NETWORK", "traced"] == [*made(tried)]
    assert (AS_CHOSEN, True) == (judged.conditions, judged.unsteady)


def test_choices_that_count_together_are_found_together() -> None:
    """Each alone did not help."""
    needs = frozenset({Lifted.OWNERS, Lifted.NO_NETWORK})
    tried = runs(Flaw(needs=needs, said=REFUSED))

    assert ["traced", "untraced", "traced OWNERS", "traced NO_NETWORK", "traced NO_NETWORK+OWNERS", "traced"] == [
        *made(tried)
    ]
    assert needs == settled(tried).conditions.lifted


def test_what_a_later_run_says_brings_in_a_further_choice() -> None:
    """What a program met first may have hidden the rest."""
    tried = runs(Flaw(needs=frozenset({Lifted.OWNERS}), said="silent"))
    again = [*tried, Tried(outcome(host(exit_code=1, stderr=REFUSED)))]

    assert ["traced", "untraced", "traced NO_NETWORK"] == [*made(tried)]
    assert AS_CHOSEN.lifting(Lifted.OWNERS) == next_conditions(image(), again)


@pytest.mark.parametrize(("user", "asks"), [("", False), ("root:root", False), ("0:0", False), ("1000", True)])
def test_another_user_than_root_may_be_refused_without_a_word(user: str, asks: bool) -> None:  # noqa: FBT001 - a case
    """Many programs do not say why they could not write."""
    assert asks is ("traced OWNERS" in made(runs(Flaw(fails=True), image(user=user))))


def test_a_refusal_that_cost_an_output_is_worth_a_run_though_the_program_exits_with_0() -> None:
    """It made do without what it could not write; one that wrote all the same was not kept from anything."""
    silent, other = host(stderr=REFUSED), host(file("/opt/ml/processing/output/result/x"), stderr=REFUSED)

    assert [False, True, True] == [is_settled([of_host(ended)]) for ended in (silent, other, host())]


@pytest.mark.parametrize(
    ("shipped", "lifts"),
    [((), True), ((directory("/opt/ml/scratch"),), True), ((file("/opt/ml/model/x"),), False)],
    ids=["nothing", "directory", "file"],
)
def test_where_the_image_ships_files_its_own_opt_ml_is_not_the_mount(shipped: tuple[File, ...], lifts: bool) -> None:  # noqa: FBT001 - a case
    """Without the volume they would be there, and differ as well."""
    tried = runs(Flaw(fails=True, said=WORDS[Lifted.MOUNTS]), image(*shipped))

    assert lifts is ("traced MOUNTS" in made(tried))


BUS = replace(process(7, 1, "python3", "/x.py"), exit_code=None, killed_by=7)


@pytest.mark.parametrize(
    ("ended", "lifts"),
    [
        (host(exit_code=135), True),
        (host(exit_code=1, trace=Trace((process(1, 0, "/bin/sh", "/run.sh"), BUS), tracer=2)), True),
        (host(exit_code=139), False),
    ],
    ids=["process 1", "child", "SIGSEGV"],
)
def test_a_bus_error_may_be_that_of_shared_memory(ended: Host, lifts: bool) -> None:  # noqa: FBT001 - a case
    """Which gives no word, but a signal."""
    tried = [of_host(ended), Tried(replace(outcome(ended), conditions=AS_CHOSEN.untraced()))]

    assert lifts is (AS_CHOSEN.lifting(Lifted.SHARED_MEMORY) == next_conditions(image(), tried))


@pytest.mark.parametrize(("said", "lifts"), [("waiting", False), ("waiting for the network", True)])
def test_what_waits_to_its_limit_gets_a_network_only_if_it_speaks_of_one(said: str, lifts: bool) -> None:  # noqa: FBT001 - a case
    """Each such run takes all of MaxRuntimeInSeconds."""
    waiting = host(exit_code=137, end=End.MAX_RUNTIME, stdout=said)
    tried = [of_host(waiting), Tried(replace(outcome(waiting), conditions=AS_CHOSEN.untraced()))]

    assert lifts is (next_conditions(image(), tried) == AS_CHOSEN.lifting(Lifted.NO_NETWORK))


@pytest.mark.parametrize(
    "alone",
    [host(exit_code=1), host(exit_code=137, end=End.MAX_RUNTIME, stdout="waiting for the network")],
    ids=["fails", "speaks"],
)
def test_what_waits_only_at_first_or_speaks_of_a_network_later_gets_one(alone: Host) -> None:
    """Other runs had kept it waiting, or it comes further alone."""
    tried = [
        of_host(host(exit_code=137, end=End.MAX_RUNTIME)),
        Tried(replace(outcome(alone), conditions=AS_CHOSEN.untraced())),
    ]

    assert next_conditions(image(), tried) == AS_CHOSEN.lifting(Lifted.NO_NETWORK)


def test_several_hosts_have_a_network_anyway() -> None:
    """So that it is no choice that could be lifted."""
    failed = outcome(host(exit_code=1), host(exit_code=1))
    tried = [Tried(failed, alone=False), Tried(replace(failed, conditions=AS_CHOSEN.untraced()))]

    assert next_conditions(image(), tried) is None


# What holds of every job

FLAWS = st.builds(
    Flaw,
    needs=st.frozensets(st.sampled_from(Lifted), max_size=5),
    of_tracer=st.booleans(),
    of_neighbours=st.booleans(),
    fails=st.booleans(),
    chances=st.frozensets(st.integers(0, MOST_RUNS), max_size=MOST_RUNS),
    said=st.one_of(st.just(EVERYTHING), st.sampled_from([*WORDS.values()]), st.just("")),
)
IMAGES = st.sampled_from([image(), USER])


@given(FLAWS, IMAGES)
def test_the_runs_come_to_an_end(flaw: Flaw, of: Image) -> None:
    """Whatever each of them shows, no one is asked for twice but to make sure."""
    tried = runs(flaw, of)
    lifted = [each.outcome.conditions for each in tried if each.outcome.conditions.lifted]

    assert len(tried) <= MOST_RUNS
    assert len(lifted) == len(set(lifted))


def speaking(words: list[str]) -> list[Tried]:
    """The runs of a job that fails whatever is lifted, and says something new every other time."""
    tried = [Tried(outcome(host(exit_code=1, stderr="")), alone=False)]
    while len(tried) <= MOST_RUNS and (conditions := next_conditions(image(), tried)) is not None:
        said = words[min(len(tried) // 2, len(words) - 1)]
        tried.append(Tried(replace(outcome(host(exit_code=1, stderr=said)), conditions=conditions)))
    return tried


def test_the_last_of_the_runs_is_kept_for_what_helps() -> None:
    """Without a choice that helped there is one run less; what helped last is left out once more."""
    tried = speaking([*WORDS.values()])
    helped = Tried(replace(outcome(), conditions=tried[-1].outcome.conditions))

    assert MOST_RUNS - 1 == len(tried)
    assert AS_CHOSEN == next_conditions(image(), [*tried[:-1], helped])


def test_each_run_is_told_of_with_its_end_and_what_it_asked_for() -> None:
    """Of a name server only that of a run with a network knows."""
    failed, lifted = host(exit_code=1), AS_CHOSEN.lifting(Lifted.NO_NETWORK)
    asked = Queries((query(1, "example.org"), query(1, "example.org")))
    tried = [
        of_host(failed),
        Tried(replace(outcome(failed), conditions=AS_CHOSEN.untraced())),
        Tried(replace(outcome(host(address=address(1))), conditions=lifted, queries=asked)),
        Tried(outcome(failed)),
    ]
    end = "algo-1 exited with code 1"

    assert (
        Trial(AS_CHOSEN, alone=False, succeeded=False, said=end),
        Trial(AS_CHOSEN.untraced(), alone=True, succeeded=False, said=end),
        Trial(lifted, alone=True, succeeded=True, asked=("example.org",)),
        Trial(AS_CHOSEN, alone=True, succeeded=False, said=end),
    ) == settled(tried).trials


@given(st.data())
def test_they_come_to_an_end_also_where_each_says_something_new(data: st.DataObject) -> None:
    """Choices come in one by one then, and with each of them all combinations so far."""
    tried = speaking(data.draw(st.permutations([*WORDS.values()])))

    assert len(tried) <= MOST_RUNS


@given(FLAWS, IMAGES)
def test_a_run_that_failed_is_judged_only_where_all_of_them_failed(flaw: Flaw, of: Image) -> None:
    """So that none is blamed for a failure which another run of the same job refutes."""
    tried = runs(flaw, of)
    judged = settled(tried)

    assert succeeded(judged) is any(succeeded(each.outcome) for each in tried)
    assert judged.unsteady is False or succeeded(judged)


@given(FLAWS, IMAGES)
def test_what_is_called_the_cause_is_all_that_differed(flaw: Flaw, of: Image) -> None:
    """The job failed with it, succeeded without it, and failed with it again, the last time alone as the second one."""
    tried = runs(flaw, of)
    judged = settled(tried)
    if judged.conditions == AS_CHOSEN or judged.unsteady:
        return
    of_choice = [each for each in tried if each.outcome.conditions == AS_CHOSEN]

    assert len(of_choice) >= 2
    assert of_choice[-1].alone
    assert not any(succeeded(each.outcome) for each in of_choice)


@given(FLAWS.filter(lambda flaw: not flaw.chances), IMAGES)
def test_what_never_changes_is_never_called_unsteady(flaw: Flaw, of: Image) -> None:
    """But for what other runs at the same time do to it."""
    assert settled(runs(flaw, of)).unsteady <= flaw.of_neighbours
