"""What a finding needs before anybody is blamed for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import pytest

from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN
from conformance.job.variation import AS_REQUESTED, DEFAULT_COMMAND, EMPTY_INPUTS
from conformance.outcome.outcome import End, Host, Outcome, Stop, Trial
from conformance.rule.declaration import MUST, SHOULD, Advice, Check, DoesNotApply, Level, NotJudged, Registry
from conformance.rule.sight import Sight
from conformance.verdict.doubt import FAILED_ATTEMPTS, WORTH_SECONDS, of_chance, of_choices, steadier
from conformance.verdict.verdict import Verdict, Word, judge
from tests.support.declared import declare
from tests.support.outcomes import OUTPUT, file, host, image, outcome

RESULT = file(f"{OUTPUT}/part-1")
LACKING = outcome(host(exit_code=1, stderr="MemoryError\n"))
CHANCE = "not reproducible: the finding does not recur when the job is run again alone"


def failing(image: object, run: Outcome) -> Iterator[str]:
    """A judge of the exit code."""
    for each in run.hosts:
        if each.exit_code != 0:
            yield f"{each.name} of {image} exited with {each.exit_code}"


def lacking(image: object, run: Outcome) -> Iterator[str]:
    """A judge of what was written."""
    if not run.uploads:
        yield f"{image} wrote nothing"


def lacking_where_seen(image: object, run: Outcome) -> Iterator[str]:
    """The same, of what a tracer has to show."""
    if run.hosts[0].untraced:
        raise NotJudged(f"{image} was not seen")
    yield from lacking(image, run)


def advising(image: object, run: Outcome) -> Iterator[str]:
    """A judge that only advises."""
    yield Advice(f"{image} and {run}")


def comparing(image: object, good: Outcome, empty: Outcome) -> Iterator[str]:
    """A judge of two runs."""
    if not good.uploads or not empty.uploads:
        yield f"{image} wrote nothing"


@dataclass
class Repeating:
    """Runs made once more, which end so."""

    outcomes: tuple[Outcome, ...]
    traced: list[bool] = field(default_factory=list)
    later: tuple[Outcome, ...] = ()

    def __call__(self, *, traced: bool, attempt: int = 1) -> tuple[Outcome, ...]:
        """Note what was asked for; `later` are the outcomes of all attempts but the first."""
        self.traced.append(traced)
        return self.later if self.later and attempt > 1 else self.outcomes


def chance(check: Check, runs: Sequence[Outcome], again: Repeating, *, binding: bool = True) -> str:
    """Why what a check finds in these runs may be due to chance, whatever it sees."""
    return of_chance(
        lambda outcomes: tuple(check.judge(image(), *outcomes)), runs, again, sees=frozenset(Sight), binding=binding
    )


def verdict(check: Check, run: Outcome, again: Repeating | None = None) -> Verdict:
    """The verdict of a check of one run."""
    return judge(check, image(), (), [run], registry=Registry(), repeat=again)


@pytest.mark.parametrize(("of_failure", "word"), [(True, Word.NOT_JUDGED), (False, Word.VIOLATES)])
def test_a_failure_with_the_symptom_of_a_choice_is_laid_to_nobody(of_failure: bool, word: Word) -> None:  # noqa: FBT001 - a case
    """Where the check says that it judges failures."""
    check = declare(failing, Registry(), job=AS_REQUESTED, of_failure=of_failure)

    assert word is verdict(check, LACKING).word
    assert of_failure is of_choices(check, [LACKING]).startswith("algo-1 logged 'MemoryError'; the memory is that of")


def test_the_run_that_shows_the_failure_is_the_one_to_look_at() -> None:
    """It is the last one."""
    check = declare(comparing, Registry(), job=EMPTY_INPUTS, of_failure=True)

    assert ["", True] == [of_choices(check, [LACKING, outcome()]), bool(of_choices(check, [outcome(), LACKING]))]


def test_what_fails_now_and_then_is_laid_to_nobody() -> None:
    """The reason has how often, and how it failed."""
    trials = tuple(Trial(AS_CHOSEN, alone=True, succeeded=bool(said), said=said) for said in ("x", "", "y"))
    failed = replace(trials[1], said="algo-1 exited with code 1")
    unsteady = replace(outcome(), trials=(trials[0], failed, trials[2]), unsteady=True)
    check = declare(failing, Registry(), job=AS_REQUESTED, of_failure=True)

    assert "intermittent failure: 1 of 3 runs of the job failed; algo-1 exited with code 1" == of_choices(
        check, [unsteady]
    )


@pytest.mark.parametrize("judging", [failing, advising])
def test_advice_is_given_whatever_may_have_been_the_cause(judging: object) -> None:
    """It blames nobody."""
    check = declare(judging, Registry(), job=AS_REQUESTED, level=SHOULD, of_failure=True)  # type: ignore[arg-type] # judges

    assert Word.ADVISED is verdict(check, LACKING).word


@pytest.mark.parametrize(("level", "word", "traced"), [(MUST, Word.VIOLATES, False), (SHOULD, Word.ADVISED, True)])
def test_what_shows_again_stands(level: Level, word: Word, traced: bool) -> None:  # noqa: FBT001 - a case
    """A MUST has to show without the tracer."""
    check = declare(lacking, Registry(), job=AS_REQUESTED, level=level)
    again = Repeating((outcome(host()),))

    assert (word, [traced]) == (verdict(check, outcome(host()), again).word, again.traced)


@pytest.mark.parametrize("level", [MUST, SHOULD])
def test_what_does_not_show_again_is_not_judged(level: Level) -> None:
    """It came about by chance, by neighbours or by the tracer."""
    check = declare(lacking, Registry(), job=AS_REQUESTED, level=level)
    found = verdict(check, outcome(host()), Repeating((outcome(),)))

    assert (Word.NOT_JUDGED, CHANCE, True) == (found.word, found.reason, found.applies)


@pytest.mark.parametrize(
    ("one", "other", "said"),
    [
        (LACKING, outcome(), "algo-1 failed at first, but not"),
        (outcome(), LACKING, "algo-1 succeeded at first, but not"),
    ],
)
def test_a_host_that_ends_otherwise_fails_now_and_then(one: Outcome, other: Outcome, said: str) -> None:
    """Whatever the check would say of it."""
    check = declare(advising, Registry(), job=AS_REQUESTED)

    assert f"intermittent failure: {said} when run again alone" == chance(check, [one], Repeating((other,)))


def test_a_failure_has_to_show_in_every_attempt() -> None:
    """One that comes and goes may well come twice; what was written or not is seen once more and no oftener."""
    check = declare(failing, Registry(), job=AS_REQUESTED)
    failed = outcome(host(exit_code=1))
    steady, unsteady = Repeating((failed,)), Repeating((failed,), later=(outcome(),))
    unwritten = Repeating((outcome(host()),))

    assert "" == chance(check, [failed], steady)
    assert chance(check, [failed], unsteady).startswith("intermittent failure: algo-1 failed")
    chance(check, [outcome(host())], unwritten)
    assert [FAILED_ATTEMPTS, 2, 1] == [len(each.traced) for each in (steady, unsteady, unwritten)]


def test_every_run_of_a_check_is_held_against_its_repetition() -> None:
    """One that differs of two is enough."""
    check = declare(comparing, Registry(), job=EMPTY_INPUTS)
    runs, again = (outcome(), outcome(host())), (outcome(), LACKING)

    assert chance(check, runs, Repeating(again)).startswith("intermittent failure: algo-1")
    assert "" == chance(check, runs, Repeating(runs))


def test_advice_is_not_worth_long_runs() -> None:
    """A MUST is."""
    check = declare(lacking, Registry(), job=AS_REQUESTED)
    long = replace(outcome(host()), seconds=WORTH_SECONDS + 0.1)
    again = Repeating((outcome(),))

    assert ["", CHANCE] == [chance(check, [long], again, binding=binding) for binding in (False, True)]
    assert [False] == again.traced


def test_advice_on_a_time_limit_is_worth_another_run() -> None:
    """A program that hangs now and then does not do so for what a check has changed."""
    check = declare(lacking, Registry(), job=AS_REQUESTED)
    hung = replace(outcome(host(end=End.MAX_RUNTIME, exit_code=137)), seconds=WORTH_SECONDS + 0.1)
    again = Repeating((outcome(),))

    assert "intermittent failure" in chance(check, [hung], again, binding=False)
    assert [True] == again.traced


@pytest.mark.parametrize(
    ("left", "expected"),
    [(host(), ""), (host(RESULT), CHANCE), (host(message="x"), CHANCE)],
    ids=["same", "written", "message"],
)
def test_what_a_tracer_had_to_show_counts_where_the_job_left_the_same(left: Host, expected: str) -> None:
    """Without the tracer there may be no evidence of what its processes did."""
    check = declare(lacking_where_seen, Registry(), job=AS_REQUESTED)
    again = outcome(replace(left, untraced="not asked for"))

    assert expected == chance(check, [outcome(host())], Repeating((again,)))


def test_a_repetition_that_would_show_nothing_judges_nothing() -> None:
    """As a stop of a job that is over at once."""

    def refusing(*, traced: bool, attempt: int = 1) -> tuple[Outcome, ...]:
        raise NotJudged(f"the job ended too soon, traced: {traced}, attempt {attempt}")

    check = declare(lacking, Registry(), job=AS_REQUESTED)
    found = judge(check, image(), (), [outcome(host())], registry=Registry(), repeat=refusing)

    assert (Word.NOT_JUDGED, "the job ended too soon, traced: False, attempt 1") == (found.word, found.reason)


KILLED = outcome(host(end=End.STOPPED, exit_code=137, stop=Stop("SIGTERM", 2.0, killed=True)))
ENDED = outcome(host(end=End.STOPPED, exit_code=143, stop=Stop("SIGTERM", 0.5, killed=False)))
LATE = outcome(host(end=End.MAX_RUNTIME, exit_code=137))


def killed(image: object, run: Outcome) -> Iterator[str]:
    """A judge of a time that is allowed."""
    for each in run.hosts:
        if each.exit_code == 137:
            yield f"{each.name} of {image} took too long"


@pytest.mark.parametrize("level", [MUST, SHOULD])
@pytest.mark.parametrize("first", [KILLED, LATE], ids=["stopped", "limited"])
def test_time_that_only_ran_out_beside_other_runs_is_no_finding(level: Level, first: Outcome) -> None:
    """The suite itself made them share this machine; twice alone, it was enough."""
    check = declare(killed, Registry(), job=AS_REQUESTED, level=level)
    again = Repeating((ENDED,))

    assert (Word.CONFORMS, [level is SHOULD, True]) == (verdict(check, first, again).word, again.traced)


@pytest.mark.parametrize(
    ("first", "second", "word"),
    [(KILLED, KILLED, Word.ADVISED), (ENDED, KILLED, Word.NOT_JUDGED), (KILLED, ENDED, Word.ADVISED)],
)
def test_time_that_runs_out_alone_too_is_a_finding_of_its_own(first: Outcome, second: Outcome, word: Word) -> None:
    """In either of the two attempts; one that recurs in the first of them stands."""
    check = declare(killed, Registry(), job=AS_REQUESTED, level=SHOULD)

    assert word is verdict(check, KILLED, Repeating((first,), later=(second,))).word


def test_what_the_runs_alone_show_is_what_is_judged() -> None:
    """Something else may be wrong with them, which then has to recur as well, or they show nothing at all."""

    def ending(image: object, run: Outcome) -> Iterator[str]:
        if run.hosts[0].stop is None:
            raise DoesNotApply(f"{image} had ended before it could be stopped")
        yield f"ended by {run.hosts[0].exit_code}"

    check = declare(ending, Registry(), job=AS_REQUESTED, level=SHOULD)
    over = outcome(host())

    assert verdict(check, KILLED, Repeating((ENDED,))).violations == ("ended by 143",)
    assert not verdict(check, KILLED, Repeating((over,))).applies


def test_the_runs_alone_are_judged_with_the_same_image_and_requests() -> None:
    """A check may look at them as well."""

    def comparing_all(image: Image, run: Outcome, requests: object) -> Iterator[str]:
        yield f"{image.reference}, {requests} and {run.hosts[0].exit_code}"

    check = declare(comparing_all, Registry(), job=DEFAULT_COMMAND, level=SHOULD)
    found = judge(check, image(), ("asked",), [KILLED], registry=Registry(), repeat=Repeating((ENDED,)))  # type: ignore[arg-type] # shown as it is

    assert (f"{image().reference}, ('asked',) and 143",) == found.violations


def test_advice_on_long_runs_is_not_checked_for_neighbours() -> None:
    """As it is not worth repeating them at all."""
    check = declare(killed, Registry(), job=AS_REQUESTED, level=SHOULD)
    again = Repeating((ENDED,))
    found = verdict(check, replace(KILLED, seconds=WORTH_SECONDS + 0.1), again)

    assert (Word.ADVISED, []) == (found.word, again.traced)


def test_what_is_not_judged_or_found_keeps_its_check_and_its_job() -> None:
    """Whatever the way by which a finding is dropped; a finding has the command that shows it as well."""

    def refusing(*, traced: bool, attempt: int = 1) -> tuple[Outcome, ...]:
        raise NotJudged(f"traced: {traced}, attempt {attempt}")

    def declining(image: object, run: Outcome) -> Iterator[str]:
        raise NotJudged(f"{image} and {run}")
        yield

    def of_requests(image: object, requests: object) -> Iterator[str]:
        yield f"{image} and {requests}"

    registry, fields = Registry(), {"job": AS_REQUESTED, "of_failure": True}
    declare(of_requests, registry, check_id="image.cause")
    ways = {
        "declined": (declare(declining, registry, check_id="exit.a", **fields), None),
        "explained": (declare(failing, registry, check_id="exit.b", explained_by=("image.cause",), **fields), None),
        "a choice": (declare(failing, registry, check_id="exit.c", **fields), None),
        "not repeated": (declare(lacking, registry, check_id="exit.d", job=AS_REQUESTED), refusing),
        "by chance": (declare(lacking, registry, check_id="exit.e", job=AS_REQUESTED), Repeating((outcome(),))),
        "found": (declare(lacking, registry, check_id="exit.f", job=AS_REQUESTED), None),
    }
    found = {
        way: judge(check, image(), (), [LACKING], registry=registry, repeat=repeat, reproduce=way)
        for way, (check, repeat) in ways.items()
    }

    assert [(check, "example") for check, _ in ways.values()] == [(each.check, each.request) for each in found.values()]
    assert [Word.NOT_JUDGED] * 5 + [Word.VIOLATES] == [each.word for each in found.values()]
    assert ["", "", "", "", "", "found"] == [each.reproduce for each in found.values()]
    assert not verdict(ways["found"][0], LACKING).reproduce


def test_what_conforms_is_not_run_again() -> None:
    """Nor is what a choice of the suite's own explains."""
    again = Repeating(())
    failure = declare(failing, Registry(), job=AS_REQUESTED, of_failure=True)

    assert Word.CONFORMS is verdict(failure, outcome(), again).word
    assert Word.NOT_JUDGED is verdict(failure, LACKING, again).word
    assert [] == again.traced


KILLED_AGAIN = outcome(host(end=End.STOPPED, exit_code=137, stop=Stop("SIGTERM", 2.1, killed=True)))


@pytest.mark.parametrize(
    ("alone", "again", "steady"),
    [((ENDED,), (ENDED,), True), ((ENDED,), (KILLED_AGAIN,), False), ((KILLED_AGAIN,), (ENDED,), False)],
    ids=["never alone", "the second time alone", "the first time alone"],
)
def test_time_that_runs_out_beside_other_runs_is_judged_by_those_alone(
    alone: tuple[Outcome, ...],
    again: tuple[Outcome, ...],
    steady: bool,  # noqa: FBT001 - a case
) -> None:
    """Twice alone it must not run out: what then happens is the program's own, and so it is if it does."""
    chosen = steadier([KILLED], Repeating(alone, later=again), binding=True)

    assert ([ENDED] if steady else [KILLED]) == list(chosen)


@pytest.mark.parametrize("binding", [True, False])
def test_long_runs_are_made_again_alone_for_a_violation_and_not_for_advice(binding: bool) -> None:  # noqa: FBT001 - a case
    """A minute is worth a MUST."""
    long = replace(KILLED, seconds=WORTH_SECONDS + 1)
    repeating = Repeating((ENDED,))

    assert ([ENDED] if binding else [long]) == list(steadier([long], repeating, binding=binding))
    assert binding is bool(repeating.traced)


def test_what_failed_in_an_emulator_violates_nothing() -> None:
    """Whatever the check is; a host that did well shows what it shows."""
    failed = replace(outcome(host(exit_code=1)), emulated_on="aarch64")
    good = replace(outcome(host()), emulated_on="aarch64")
    check = declare(failing, Registry())
    reason = "algo-1 failed in an emulator of x86_64 on aarch64: use an engine on x86_64"

    assert (reason, reason, "") == (
        of_choices(check, [failed]),
        of_choices(check, [good, failed]),
        of_choices(check, [good]),
    )
