"""What an engine says of itself, and what that means for a job; as Docker 28.5 answers in each set-up."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.service.engine import Engine, maps_users, unbounded

BOUNDED = {"CgroupDriver": "cgroupfs", "MemoryLimit": True, "PidsLimit": True, "SecurityOptions": ["name=seccomp"]}
ROOTLESS = {
    "CgroupDriver": "none",
    "MemoryLimit": False,
    "PidsLimit": False,
    "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"],
}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (BOUNDED, ()),
        ({}, ()),
        (ROOTLESS, ("memory", "processes")),
        (BOUNDED | {"MemoryLimit": False, "PidsLimit": False}, ("memory", "processes")),
        (BOUNDED | {"PidsLimit": False}, ("processes",)),
        (BOUNDED | {"CgroupVersion": "1", "SecurityOptions": ["name=seccomp", "name=rootless"]}, ("memory",)),
        (BOUNDED | {"CgroupVersion": "2", "SecurityOptions": ["name=seccomp", "name=rootless"]}, ()),
        (BOUNDED | {"CgroupVersion": "1"}, ()),
        (BOUNDED | {"CgroupDriver": "none"}, ("memory", "processes")),
    ],
)
def test_an_engine_tells_what_it_does_not_limit(facts: dict[str, Any], expected: tuple[str, ...]) -> None:
    """It takes any limit, and discards it where its machine has no cgroup for it."""
    assert expected == unbounded(facts)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (None, ""),
        (["name=seccomp,profile=default"], ""),
        (["name=seccomp,profile=builtin", "name=userns"], "uses userns-remap"),
        (ROOTLESS["SecurityOptions"], "is rootless"),
        (["name=rootless-looking"], ""),
    ],
)
def test_an_engine_tells_whether_it_maps_users(options: list[str] | None, expected: str) -> None:
    """Root of a container is somebody else on its machine then."""
    assert expected == maps_users({"SecurityOptions": options})


def test_a_container_has_a_limit_only_where_it_is_enforced() -> None:
    """No command line of a report may name one that did not hold."""
    assert 500 == Engine("28", "1.51", 1000, "x86_64").memory_limit(0.5)
    assert 0 == Engine("28", "1.51", 1000, "x86_64", unbounded=("memory",)).memory_limit(0.5)
