"""A request as a value, what may be changed of it, and the runs that checks ask for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.job import variation
from conformance.job.model import model_faults
from conformance.job.request import MOST_HOSTS, JobRequest
from conformance.job.validation import service_faults
from conformance.job.variation import Job, Variation
from conformance.rule.derived import RESTING
from tests.support import legal_requests
from tests.support.outcomes import INPUT, request

words = st.none() | st.lists(legal_requests.words, min_size=1, max_size=4).map(tuple)


@given(legal_requests.legal_requests, words, words, legal_requests.environments)
def test_overriding_replaces_commands_and_variables_and_nothing_else(
    document: dict[str, Any],
    entrypoint: tuple[str, ...] | None,
    arguments: tuple[str, ...] | None,
    environment: dict[str, str],
) -> None:
    """What is not given is left out, the rest stays, and the API takes the result."""
    before = JobRequest(document, source="job.json")
    after = before.overriding(entrypoint=entrypoint, arguments=arguments, environment=environment)

    assert (entrypoint, arguments, environment) == (after.entrypoint, after.arguments, after.environment)
    assert [] == [*model_faults(dict(after.document)), *service_faults(dict(after.document))]
    changed = {"AppSpecification", "Environment"}
    for one, other in ((document, after.document), (after.document, document)):
        assert {name: one[name] for name in one.keys() - changed} == {
            name: other[name] for name in other.keys() - changed
        }
    assert (before.source, document["AppSpecification"]["ImageUri"]) == (
        after.source,
        after.document["AppSpecification"]["ImageUri"],
    )


def test_overriding_nothing_leaves_all_overrides_out() -> None:
    """And the request that it was asked of as it was."""
    before = request(
        overrides={"ContainerEntrypoint": ["/run.sh"], "ContainerArguments": ["a"]}, environment={"A": "1"}
    )
    after = before.overriding()

    assert (None, None, {}) == (after.entrypoint, after.arguments, after.environment)
    assert (("/run.sh",), ("a",), {"A": "1"}) == (before.entrypoint, before.arguments, before.environment)


@pytest.mark.parametrize(
    ("entrypoint", "brings"),
    [
        (["python3", f"{INPUT}/main.py"], True),
        (["/bin/bash", "-c", f"cd {INPUT}/code && ./run.sh"], True),
        ([f"{INPUT}/run.sh"], True),
        (["python3", "/processing.py", "--data", INPUT], False),
        (["python3", "/processing.py", f"--data={INPUT}-2/x"], False),
        (["python3", "/opt/ml/processing/input/other/main.py"], False),
    ],
)
@pytest.mark.parametrize("local_path", [INPUT, f"{INPUT}/", "/opt/ml/processing/./input//data"])
def test_an_input_brings_the_program_where_the_entrypoint_names_a_file_of_it(
    entrypoint: list[str],
    brings: bool,  # noqa: FBT001 - a parameter of a test
    local_path: str,
) -> None:
    """However LocalPath is written; a directory that is handed to a program is data."""
    asked = request(inputs={"data": local_path}, overrides={"ContainerEntrypoint": entrypoint})

    assert brings == asked.brings_program(asked.inputs[0])


def test_without_an_entrypoint_no_input_brings_the_program() -> None:
    """Arguments are data to the image's own program."""
    asked = request(overrides={"ContainerArguments": [f"{INPUT}/rows.csv"]})

    assert not asked.brings_program(asked.inputs[0])


JOBS = [value for value in vars(variation).values() if isinstance(value, Job)]


@pytest.mark.parametrize("asked", JOBS, ids=lambda asked: asked.name)
def test_a_run_that_rests_on_another_comes_with_it(asked: Job) -> None:
    """Whoever selects a check that needs the one has the other run too, and nothing waits for what nobody starts."""
    assert not RESTING.keys() & set(asked.runs) or Variation.AS_REQUESTED in asked.runs


def test_every_variation_is_of_use_and_every_job_has_a_name_of_its_own() -> None:
    """No run is described that no check asks for."""
    assert set(Variation) == {Variation.START, *(variation for asked in JOBS for variation in asked.runs)}
    assert len(JOBS) == len({asked.name for asked in JOBS})


@pytest.mark.parametrize("asked", JOBS, ids=lambda asked: asked.name)
def test_only_the_default_command_needs_no_request(asked: Job) -> None:
    """All others run what the user asks for."""
    assert (asked is not variation.DEFAULT_COMMAND) == asked.needs_request


def test_no_reader_takes_corrupt_content_for_its_own() -> None:
    """It is no text in UTF-8, UTF-16 or UTF-32 without losing bytes, and holds the word that gives it away."""
    for encoding in ("utf-8", "utf-32"):
        with pytest.raises(UnicodeDecodeError):
            variation.CORRUPT_CONTENT.decode(encoding)

    assert variation.INPUT_MARKER.encode() in variation.CORRUPT_CONTENT


# Several hosts


@given(legal_requests.legal_requests, st.integers(1, 100))
def test_a_request_for_so_many_hosts_asks_for_the_same_otherwise(document: dict[str, Any], count: int) -> None:
    """The API takes it, and the request that it was asked of stays as it was."""
    before = JobRequest(document, source="job.json")
    own = before.instance_count
    after = before.on_hosts(count)

    assert (count, own, "job.json") == (after.instance_count, before.instance_count, after.source)
    assert [] == [*model_faults(dict(after.document)), *service_faults(dict(after.document))]
    again = after.on_hosts(own)
    cluster = dict(document["ProcessingResources"]["ClusterConfig"])
    cluster["InstanceCount"] = own
    assert cluster == again.document["ProcessingResources"]["ClusterConfig"]
    assert {**document, "ProcessingResources": again.document["ProcessingResources"]} == again.document


def test_the_api_takes_no_more_hosts_than_an_option_does() -> None:
    """And no fewer."""
    most, more, none = (dict(request(hosts=count).document) for count in (MOST_HOSTS, MOST_HOSTS + 1, 0))

    assert [] == [*model_faults(most)]
    assert [1, 1] == [len([*model_faults(document)]) for document in (more, none)]


@pytest.mark.parametrize(
    ("count", "names"), [(1, ("algo-1",)), (3, ("algo-1", "algo-2", "algo-3")), (10, (*"123456789", "10"))]
)
def test_hosts_are_called_by_their_numbers(count: int, names: tuple[str, ...]) -> None:
    """The tenth comes last here; in resourceconfig.json it comes second."""
    assert tuple(f"algo-{name.removeprefix('algo-')}" for name in names) == request(hosts=count).hosts


def test_a_request_that_names_no_number_is_for_one_host() -> None:
    """InstanceCount is required by the API, but not of a request that is put together in code."""
    asked = JobRequest({"ProcessingResources": {"ClusterConfig": {}}})

    assert (1, ("algo-1",)) == (asked.instance_count, asked.hosts)


@pytest.mark.parametrize(
    ("members", "isolated"),
    [
        ({}, False),
        ({"NetworkConfig": {}}, False),
        ({"NetworkConfig": {"EnableNetworkIsolation": False}}, False),
        ({"NetworkConfig": {"EnableInterContainerTrafficEncryption": True}}, False),
        ({"NetworkConfig": {"EnableNetworkIsolation": True}}, True),
    ],
)
def test_a_request_is_isolated_where_it_says_so(members: dict[str, Any], isolated: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Encryption between containers is another matter."""
    assert isolated is request(**members).is_isolated


def test_what_one_host_cannot_show_is_a_run_of_its_own() -> None:
    """One host and true hostnames are none of these: where there is one host, another run stands for them."""
    silent = {"a peer fails", "a peer is cut off"}

    assert {"late names", "late start", "renamed hosts", "fewer objects than hosts", *silent} == {
        str(run) for run in Variation if run.of_several_hosts
    }
