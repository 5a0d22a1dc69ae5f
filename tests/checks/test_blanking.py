"""A verdict rests on the evidence that its check declares: all other evidence is taken away, or made up, and it stays.

The outcomes are those of all tests in this folder, and some further ones of `tests/support/rare_outcomes.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import MISSING, Field, fields, replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from conformance.checks import load_checks
from conformance.files.stream import Fault
from conformance.job.conditions import Conditions, Lifted
from conformance.job.variation import INPUT_MARKER
from conformance.outcome.feed import Feed
from conformance.outcome.outcome import End, Host, JobStatus, Log, Outcome, Sighting, Stop, Trial, Upload
from conformance.rule.declaration import Check
from conformance.rule.sight import FIELDS, GIVEN, Sight
from conformance.verdict.doubt import CHOICES_SEE
from conformance.verdict.verdict import Verdict, Word
from tests.support.judgements import Judgement, of_tests
from tests.support.rare_outcomes import RARE

CHECKS = tuple(check for check in load_checks() if check.sees)
every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)

WORDS = ("", "done", "Traceback (most recent call last):", "ValueError: x", "Permission denied: '/opt/ml/x'", "é")

texts = st.sampled_from(WORDS) | st.text(max_size=20)
seconds = st.floats(0, 1e4)
sizes = st.integers(0, 1 << 40)
found = st.frozensets(st.sampled_from(["", "secret", INPUT_MARKER]))
contents = st.lists(texts, max_size=4).map(lambda lines: "\n".join(lines).encode(errors="replace"))
logs = st.builds(Log, contents, st.just(b""), sizes, found, st.booleans())
hosts = st.sampled_from(["algo-1", "algo-2"])
digests = st.sampled_from(["", "1", "2"])

BUILT: Mapping[str, st.SearchStrategy[Any]] = {
    "end": st.sampled_from(End),
    "exit_code": st.none() | st.integers(0, 255),
    "start_error": texts,
    "out_of_memory": st.booleans(),
    "seconds": seconds,
    "processor_seconds": st.none() | seconds,
    "stop": st.none() | st.builds(Stop, st.sampled_from(["SIGINT", "SIGTERM"]), seconds, st.booleans()),
    "changed": st.lists(texts, max_size=3).map(tuple),
    "uploads": st.lists(st.builds(Upload, texts, hosts, texts, texts, sizes, digests), max_size=3).map(tuple),
    "sightings": st.lists(st.builds(Sighting, seconds, texts, sizes, digests), max_size=3).map(tuple),
    "message": st.none() | contents,
    "message_fault": st.none() | st.builds(Fault, sizes, st.integers(0, 255), texts),
    "message_found": found,
    "stdout": logs,
    "stderr": logs,
    "untraced": texts,
    "feeds": st.lists(st.builds(Feed, texts, sizes, sizes), max_size=3).map(tuple),
    "conditions": st.builds(Conditions, st.booleans(), st.frozensets(st.sampled_from(Lifted))),
    "trials": st.lists(
        st.builds(Trial, st.builds(Conditions), st.booleans(), st.booleans(), texts, st.booleans()), max_size=3
    ).map(tuple),
    "unsteady": st.booleans(),
    "status": st.sampled_from(JobStatus),
    "failure_reason": st.none() | texts,
    "exit_message": st.none() | texts,
}
"""How evidence is made up; what is not here, such as a trace, is taken from other outcomes, as the rest is too."""


def parts(kinds: Collection[Sight], of: type[Host | Outcome]) -> list[Field[Any]]:
    """The fields of these kinds."""
    names = {name for kind in kinds for name in FIELDS[kind]}
    return [part for part in fields(of) if part.name in names]


def blank_of(part: Field[Any]) -> Any:  # noqa: ANN401 - a value of any field
    """What a field holds where nothing is known."""
    if part.default_factory is not MISSING:
        return part.default_factory()
    if part.default is not MISSING:
        return part.default
    return {"end": End.EXITED, "status": JobStatus.IN_PROGRESS}[part.name]


def changed(run: Outcome, kinds: Collection[Sight], value: Callable[[Field[Any]], Any]) -> Outcome:
    """A run with other evidence of these kinds, also of each host."""
    return replace(
        run,
        **{part.name: value(part) for part in parts(kinds, Outcome)},
        hosts=tuple(replace(each, **{part.name: value(part) for part in parts(kinds, Host)}) for each in run.hosts),
    )


def blanked(judgement: Judgement, kinds: Collection[Sight]) -> Judgement:
    """The same without any evidence of these kinds."""
    return judgement.showing([changed(run, kinds, blank_of) for run in judgement.seen])


def said(verdict: Verdict) -> tuple[Word, tuple[str, ...], str]:
    """What must not change."""
    return verdict.word, verdict.violations, verdict.reason


def alone(check: Check) -> Check:
    """The check without what others find: neither symptoms of a choice nor other checks that explain it."""
    return replace(check, of_failure=False, explained_by=())


def allowed(check: Check) -> frozenset[Sight]:
    """What the verdict may rest on: what its judge sees, and what those see that may overrule it."""
    causes = [load_checks()[check_id].sees for check_id in check.explained_by]
    return check.sees.union(CHOICES_SEE if check.of_failure else (), *causes)


@pytest.fixture(scope="module")
def judgements(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Sequence[Judgement]]:
    """All that the tests of this folder judge, by check."""
    by_check: dict[str, list[Judgement]] = defaultdict(list)
    for judgement in (*of_tests(tmp_path_factory.mktemp("judgements")), *RARE):
        by_check[judgement.check_id].append(judgement)
    return by_check


@pytest.fixture(scope="module")
def evidence(judgements: Mapping[str, Sequence[Judgement]]) -> Mapping[str, st.SearchStrategy[Any]]:
    """Evidence for each field: what any outcome has there, or what is made up."""
    seen = [run for found in judgements.values() for judgement in found for run in judgement.seen]
    values: dict[str, dict[str, Any]] = defaultdict(dict)
    for kind in (Outcome, Host):
        for part in parts(frozenset(Sight), kind):
            every = seen if kind is Outcome else [host for run in seen for host in run.hosts]
            for each in every:
                values[part.name].setdefault(repr(getattr(each, part.name)), getattr(each, part.name))
    return {
        name: st.sampled_from(list(known.values())) | BUILT.get(name, st.nothing()) for name, known in values.items()
    }


def test_each_field_is_evidence_of_one_kind() -> None:
    """Or given by the suite itself; a new field gets a place."""
    placed = [*GIVEN, *(name for kind in Sight for name in FIELDS[kind])]

    assert sorted(placed) == sorted({part.name for of in (Host, Outcome) for part in fields(of)})
    assert set(Sight) == set(FIELDS)


@every_check
def test_there_is_something_to_take_away(check: Check, judgements: Mapping[str, Sequence[Judgement]]) -> None:
    """Outcomes in which the check finds something, and outcomes in which it does not."""
    words = {judgement.verdict(alone(check)).word for judgement in judgements[check.id]}

    assert words & {Word.VIOLATES, Word.ADVISED}
    assert Word.CONFORMS in words


@every_check
def test_a_verdict_needs_no_evidence_that_is_not_declared(
    check: Check, judgements: Mapping[str, Sequence[Judgement]]
) -> None:
    """It is the same without: without each other kind, and without all of them."""
    for judge, sees in ((alone(check), check.sees), (check, allowed(check))):
        others = frozenset(Sight) - sees
        for judgement in judgements[check.id]:
            expected = said(judgement.verdict(judge))
            for kinds in (others, *(frozenset({kind}) for kind in others)):
                assert expected == said(blanked(judgement, kinds).verdict(judge)), f"without {sorted(kinds)}"


@every_check
def test_no_other_evidence_changes_a_verdict(
    check: Check,
    judgements: Mapping[str, Sequence[Judgement]],
    evidence: Mapping[str, st.SearchStrategy[Any]],
) -> None:
    """Whatever it shows."""

    # What fails takes minutes to be made smaller, and the test above has told of most.
    @given(st.data())
    @settings(max_examples=30, phases=set(Phase) - {Phase.shrink})
    def holds(data: st.DataObject) -> None:
        judgement = data.draw(st.sampled_from(judgements[check.id]))
        others = set(Sight) - check.sees
        runs = [
            changed(run, others, lambda part: data.draw(evidence[part.name], label=part.name)) for run in judgement.seen
        ]
        judge = alone(check)

        assert said(judgement.verdict(judge)) == said(judgement.showing(runs).verdict(judge))

    holds()


@every_check
def test_nothing_is_declared_that_is_not_looked_at(check: Check, judgements: Mapping[str, Sequence[Judgement]]) -> None:
    """For each kind there is an outcome that is judged otherwise without it, so that the test above would tell."""
    judge = alone(check)
    needed = {
        kind
        for kind in check.sees
        for judgement in judgements[check.id]
        if said(judgement.verdict(judge)) != said(blanked(judgement, {kind}).verdict(judge))
    }

    assert check.sees == needed
