"""Which host gets which objects."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from conformance.job.request import SHARDED
from conformance.service.peers.distribution import share

names = st.integers(1, 20).map(lambda count: tuple(f"algo-{number}" for number in range(1, count + 1)))
objects = st.lists(st.integers(), unique=True, max_size=50)


@given(objects, names)
def test_shares_are_a_partition(keys: list[int], hosts: tuple[str, ...]) -> None:
    """Every object goes to exactly one host, and no host gets more than one object more than another."""
    shares = [share(keys, SHARDED, hosts, host) for host in hosts]

    assert sorted(keys) == sorted(key for found in shares for key in found)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


@given(objects, names)
def test_what_is_replicated_goes_to_all(keys: list[int], hosts: tuple[str, ...]) -> None:
    """Every host gets every object."""
    assert all(keys == share(keys, "FullyReplicated", hosts, host) for host in hosts)
