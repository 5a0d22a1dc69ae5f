"""What is recorded comes back as it was, whatever it is, and nothing else is taken for it."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.certificate import evidence
from conformance.certificate.encoding import decode, encode, strict_json
from conformance.certificate.evidence import Evidence
from conformance.image.image import Image
from conformance.job.conditions import Conditions
from conformance.job.gpu import Choice
from conformance.outcome.calls import Calls
from conformance.outcome.gpu import Look, Utilization
from conformance.outcome.outcome import Host, Log, Outcome, Trial
from conformance.outcome.resolution import Queries
from conformance.outcome.standin import Witness
from conformance.outcome.trace import Process, Trace
from tests.support.outcomes import host, image, outcome

TEXT = st.text(st.characters() | st.sampled_from("\udcff\x1b\u202e"), max_size=4)
"""What is no UTF-8 stands in a name as a half of a pair."""

JSON = st.dictionaries(TEXT, TEXT | st.integers(-9, 9) | st.lists(TEXT, max_size=2), max_size=2)

LEAVES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(1 << 62), 1 << 62),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bytes: st.binary(max_size=4),
}


def values(kind: Any) -> st.SearchStrategy[Any]:  # noqa: ANN401, PLR0911 - any type of an outcome
    """Values of a type, by its annotations."""
    origin, inner = get_origin(kind), get_args(kind)
    if kind in LEAVES:
        return LEAVES[kind]
    if origin in {Union, types.UnionType}:
        return st.none() | values(next(each for each in inner if each is not types.NoneType))
    if origin is tuple and inner[-1] is ...:
        return st.lists(values(inner[0]), max_size=2).map(tuple)
    if origin is tuple:
        return st.tuples(*map(values, inner))
    if origin is frozenset:
        return st.frozensets(values(inner[0]), max_size=2)
    if origin is not None:
        return JSON if inner[1] is Any else st.dictionaries(TEXT, values(inner[1]), max_size=2)
    if issubclass(kind, Enum):
        return st.sampled_from(kind)
    hints = get_type_hints(kind)
    members = {}
    for each in fields(kind):
        has_default = each.default is not MISSING or each.default_factory is not MISSING
        given_or_not = values(hints[each.name])
        default = st.builds(each.default_factory) if each.default_factory is not MISSING else st.just(each.default)
        # Most of them as they are by default, or an outcome would take too long to draw.
        members[each.name] = (default | given_or_not) if has_default else given_or_not
    return st.builds(kind, **members)


@pytest.mark.parametrize(
    "kind",
    [Calls, Conditions, Log, Look, Process, Queries, Trace, Trial, Utilization, Witness],
    ids=lambda kind: kind.__name__,
)
def test_what_is_recorded_comes_back(kind: Any) -> None:  # noqa: ANN401 - any type of an outcome
    """Through JSON, and equal to what it was."""

    @settings(max_examples=40)
    @given(values(kind))
    def comes_back(value: object) -> None:
        written = json.dumps(encode(value), ensure_ascii=True)
        assert value == decode(strict_json(written), kind)

    comes_back()


@pytest.mark.parametrize("kind", [Host, Image, Outcome], ids=lambda kind: kind.__name__)
def test_what_has_everything_comes_back(kind: Any) -> None:  # noqa: ANN401 - as above
    """Of the largest, one field at a time differs from a plain one."""
    plain: dict[Any, Any] = {Host: host(), Image: image(), Outcome: outcome()}
    hints = get_type_hints(kind)
    for each in fields(kind):
        _changed(plain[kind], each.name, hints[each.name])


def _changed(plain: Any, name: str, kind: Any) -> None:  # noqa: ANN401 - as above
    @settings(max_examples=15)
    @given(values(kind))
    def comes_back(value: object) -> None:
        changed = replace(plain, **{name: value})
        assert changed == decode(json.loads(json.dumps(encode(changed))), type(plain))

    comes_back()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"a": 1, "a": 2}', "a name stands there twice"),
        ('{"a": NaN}', "NaN is no JSON"),
        ('{"a": 1e999}', "1e999 is no JSON"),
        (f'{{"a": {"9" * 5000}}}', "digits"),
        (f"[{2**63}]", f"{2**63} is no JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("{", "Expecting property name"),
    ],
)
def test_json_that_can_be_read_in_several_ways_is_none(content: str, said: str) -> None:
    """Nor is what is out of all bounds."""
    with pytest.raises(ValueError, match=said):
        strict_json(content)


@pytest.mark.parametrize(
    ("data", "kind", "said"),
    [
        ({"pid": 1}, Process, r"at \$: expected a Process with parent"),
        ({"pid": True, "parent": 0, "began": 0.0}, Process, r"at \$.pid: expected int"),
        ({"pid": 1, "parent": 0, "began": "x"}, Process, r"at \$.began: expected a number"),
        ({"pid": 1, "parent": 0, "began": 0.0, "more": 1}, Process, r"at \$.more: expected a member of Process"),
        ({"lifted": ["everything"]}, Conditions, r"at \$.lifted\[0\]: expected a Lifted"),
        ({"head": "*"}, Log, r"at \$.head: expected base64"),
        ({"found": ["x", "x"]}, Log, r"at \$.found: expected each once"),
        ("auto?", Choice, r"at \$: expected a Choice"),
        ([], Mapping[str, int], r"at \$: expected dict"),
        ([1], tuple[int, int], r"at \$: expected 2 entries"),
    ],
)
def test_data_of_another_type_is_refused(data: object, kind: Any, said: str) -> None:  # noqa: ANN401 - any type
    """With its place."""
    with pytest.raises(ValueError, match=said):
        decode(data, kind)


def test_outcomes_are_packed_the_same_way_each_time() -> None:
    """And come back."""
    found = Evidence(image(), Choice.AUTO, strict=False, aws=True, runs=(), format=evidence.FORMAT)

    assert evidence.pack(found) == evidence.pack(found)
    assert found == evidence.unpack(evidence.pack(found))


def test_every_type_of_an_outcome_can_be_recorded() -> None:
    """A new field of a type that cannot would be found out only by a session that has it."""
    seen: set[Any] = set()
    waiting: list[Any] = [Evidence]
    while waiting:
        kind = waiting.pop()
        if kind in seen or kind is Any or kind is ...:
            continue
        seen.add(kind)
        waiting += get_args(kind)
        if is_dataclass(kind):
            waiting += get_type_hints(kind).values()
    plain = {kind for kind in seen if get_origin(kind) is None and not is_dataclass(kind)}

    assert {Outcome, Host, Trace} <= seen
    assert {*LEAVES, types.NoneType} | {kind for kind in plain if issubclass(kind, Enum)} == plain
