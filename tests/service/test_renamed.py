"""Other names for hosts: a job that takes them from resourceconfig.json does the same under any."""

from __future__ import annotations

import pytest

from conformance.job.request import MOST_HOSTS
from conformance.probe.names import Name, answer
from conformance.service.peers.places import renamed
from tests.support.outcomes import request


@pytest.mark.parametrize("count", [1, 2, 9, 10, MOST_HOSTS])
def test_names_are_as_many_and_in_order(count: int) -> None:
    """Sorted as text they are in the order of their numbers, so that the first is still the leader."""
    hosts = request(hosts=count).hosts
    names = renamed(hosts)

    assert [*sorted(names)] == [*names]
    assert count == len(set(names)) == len(set(names) - set(hosts))


def test_names_are_not_made_as_the_usual_ones_are() -> None:
    """They begin otherwise, and do not end with a number."""
    assert ("host-001.job.internal",) == renamed(["algo-1"])


def test_a_name_server_can_have_all_of_them() -> None:
    """They are names of hosts, however many there are."""
    names = renamed(request(hosts=MOST_HOSTS).hosts)

    assert 1 + MOST_HOSTS == len(answer(Name(name, "198.18.0.11") for name in names).splitlines())
