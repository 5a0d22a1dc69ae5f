"""The evidence of a run in report.json: what several hosts asked their name server."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import conformance
from conformance.job.variation import Variation
from conformance.outcome.gpu import Look, Utilization
from conformance.outcome.outcome import Outcome, Sighting
from conformance.outcome.resolution import Queries, Query
from conformance.outcome.trace import Signal, Trace
from conformance.reports.runs import LISTED_FILES, run_record
from tests.support.looks import look, looked
from tests.support.outcomes import OUTPUT, address, file, host, not_started, outcome, process, query

SCHEMA = json.loads((Path(conformance.__path__[0]) / "reports/report.schema.json").read_text(encoding="utf-8"))
RUN = {"$ref": "#/$defs/run", "$defs": SCHEMA["$defs"]}


def recorded(run: Outcome) -> dict[str, Any]:
    """The record of a run, found valid by the schema, as it is read from the file."""
    record: dict[str, Any] = json.loads(json.dumps(run_record(run)))
    jsonschema.validate(record, RUN, jsonschema.Draft202012Validator)
    return record


def asked(*queries: Query) -> list[dict[str, Any]]:
    """What a report has of these questions of two hosts."""
    found: list[dict[str, Any]] = recorded(outcome(host(), host(), queries=queries))["queries"]
    return found


@pytest.mark.parametrize("variation", Variation)
def test_every_variation_of_several_hosts_is_valid(variation: Variation) -> None:
    """With hosts that ended well, badly, and not at all."""
    run = outcome(host(), host(exit_code=1), not_started("no"), variation=variation, queries=[query(1, "algo-2")])
    record = recorded(run)

    assert [str(variation), *(each.name for each in run.hosts)] == [
        record["variation"],
        *(each["name"] for each in record["hosts"]),
    ]


def test_one_host_asks_nobody() -> None:
    """It has no name server; nor is anything told where several hosts asked for nothing."""
    assert [[], []] == [recorded(outcome())["queries"], asked()]


def test_a_question_is_told_with_its_host_and_its_answer() -> None:
    """Its time counts from the first question, whichever host asked that."""
    first = query(2, "algo-1", 100.0, delayed=True)
    second = query(1, "algo-2", 100.1239, kind="AAAA")

    assert [
        {
            "host": "algo-2",
            "seconds": 0.0,
            "at": None,
            "name": "algo-1",
            "type": "A",
            "code": "NXDOMAIN",
            "answer": "",
            "too_early": True,
        },
        {
            "host": "algo-1",
            "seconds": 0.124,
            "at": None,
            "name": "algo-2",
            "type": "AAAA",
            "code": "NOERROR",
            "answer": "198.18.0.99",
            "too_early": False,
        },
    ] == asked(first, second)


def test_hosts_are_told_by_the_names_that_they_have_in_this_run() -> None:
    """Also where those are others than usual."""
    run = outcome(host(), host(), variation=Variation.RENAMED_HOSTS, queries=[query(2, "algo-1")])

    assert ["host-002.job.internal"] == [entry["host"] for entry in recorded(run)["queries"]]


def test_who_is_no_host_is_told_by_its_address() -> None:
    """As far as anybody else can ask."""
    assert [address(9)] == [entry["host"] for entry in asked(query(9, "algo-1"))]


@pytest.mark.parametrize(("name", "shown"), [("algo-2\udcff", "algo-2\\xff"), ("京.example", "京.example"), ("", "")])
def test_names_are_told_as_text(name: str, shown: str) -> None:
    """Whatever bytes a program asked for, and where it got no reply."""
    unheard = replace(query(1, name), code="", answer=name)

    assert [(shown, shown, "")] == [(entry["name"], entry["answer"], entry["code"]) for entry in asked(unheard)]


def test_of_many_questions_the_first_are_told() -> None:
    """A program may ask again and again."""
    found = asked(*(query(1, "algo-2", float(at), delayed=True) for at in range(LISTED_FILES + 50)))

    assert [float(at) for at in range(LISTED_FILES)] == [entry["seconds"] for entry in found]


def test_a_record_without_a_question_is_no_trouble() -> None:
    """Where it could not be read, say."""
    lost = replace(outcome(host(), host()), queries=Queries(fault="the record is empty"))

    assert [] == recorded(lost)["queries"]


@pytest.mark.parametrize("lacking", ["host", "seconds", "at", "name", "type", "code", "answer", "too_early"])
def test_the_schema_asks_for_each_part_of_a_question(lacking: str) -> None:
    """And for no other."""
    record = recorded(outcome(host(), host(), queries=[query(1, "algo-2")]))
    (entry,) = record["queries"]
    for changed in (entry | {"more": 1}, {name: entry[name] for name in entry if name != lacking}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(record | {"queries": [changed]}, RUN, jsonschema.Draft202012Validator)

    assert {"host", "seconds", "at", "name", "type", "code", "answer", "too_early"} == set(entry)


def test_an_upload_is_told_with_its_host() -> None:
    """Of two hosts that write the same output, each has its own."""
    found = recorded(outcome(host(file(f"{OUTPUT}/a")), host(file(f"{OUTPUT}/b"))))["uploads"]

    assert [("algo-1", f"{OUTPUT}/a"), ("algo-2", f"{OUTPUT}/b")] == [(each["host"], each["path"]) for each in found]


def test_what_was_seen_of_a_continuous_output_is_told() -> None:
    """The first of them, where there are many."""
    seen = [Sighting(1.0004 + number, f"{OUTPUT}/log", number, "ab") for number in range(LISTED_FILES + 1)]
    (told,) = recorded(outcome(host(sightings=tuple(seen))))["hosts"]

    assert LISTED_FILES == len(told["sightings"])
    assert {"seconds": 1.0, "path": f"{OUTPUT}/log", "bytes": 0, "sha256": "ab"} == told["sightings"][0]


def test_when_a_host_was_cut_off_is_told() -> None:
    """And that others were not."""
    told = recorded(outcome(host(), host(cut_off_seconds=0.6123), variation=Variation.CUT_OFF))["hosts"]

    assert [None, 0.612] == [each["cut_off_seconds"] for each in told]


@pytest.mark.parametrize("seen", [None, look(), look(status=None, output="library \udcff\n", devices=())])
def test_a_look_at_a_gpu_is_valid(seen: Look | None) -> None:
    """With what was found, and with whatever bytes a program wrote."""
    record = recorded(looked(seen, lack="no \udcff"))

    given = {"wanted": True, "given": "a device request", "lack": "no \\xff", "utilization": None}
    assert given == record["gpu"]
    assert (seen is None) == (record["hosts"][0]["look"] is None)


def test_how_busy_the_gpus_were_is_valid() -> None:
    """In percent, as AWS's metrics have it, and in words."""
    busy = replace(looked(None), utilization=Utilization(mean=61.5, most=97, memory=1.25))

    record = recorded(busy)

    assert {"mean": 61.5, "most": 97, "memory": 1.25} == record["gpu"]["utilization"]


def test_a_record_is_of_bounded_size() -> None:
    """However many arguments, signals and bytes a process and the engine come up with."""
    first = process(1, 0, "sh", *["A" * 120_000] * 1_000, ended=None)
    others = [process(number, 1, "x") for number in range(2, 2_000)]
    arrivals = tuple(Signal(2.0, 2.0, 10, 1, 1, "caught") for _ in range(30_000))
    ended = host(trace=Trace((first, *others), arrivals, tracer=2), argv=("x" * 100_000,) * 1_000)

    assert len(json.dumps(recorded(outcome(ended)))) < 1_000_000
    assert len(json.dumps(recorded(outcome(not_started("x" * 1_000_000))))) < 10_000
