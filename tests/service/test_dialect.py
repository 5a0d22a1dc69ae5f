"""What differs between engines: which one it is, how it keeps logs, and which versions of it are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.errors import EngineError
from conformance.service import volumes
from conformance.service.dialect import DOCKER, PODMAN, Dialect, of
from conformance.service.engine import Engine


def version(number: str, *components: str) -> dict[str, Any]:
    """What an engine of these components says of its version."""
    return {"Version": number, "Components": [{"Name": name, "Version": number} for name in components]}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (version("20.10.24+dfsg1", "Engine", "containerd", "runc"), DOCKER),
        (version("3.0", "Engine"), DOCKER),
        ({"Version": "19.03", "Components": None}, DOCKER),
        ({}, DOCKER),
        (version("5.4.2", "Podman Engine", "Conmon"), PODMAN),
        (version("5.8.6-dev", "Podman Engine", "Conmon"), PODMAN),
        (version("10.0", "Podman Engine"), PODMAN),
    ],
)
def test_an_engine_is_known_by_its_components(said: dict[str, Any], expected: Dialect) -> None:
    """The version alone does not tell whose it is."""
    assert expected is of(said, {"MemoryLimit": expected is PODMAN})


@pytest.mark.parametrize(
    ("number", "may"),
    [
        ("20.10.24+dfsg1", False),
        ("23.0.0", True),
        ("25.0.5", True),
        ("26.1.5+dfsg1", True),
        ("27.0.1", False),
        ("28.5.2", False),
        ("dev", False),
    ],
)
def test_some_versions_may_keep_queries_to_themselves(number: str, *, may: bool) -> None:
    """Which of these do is tried; all else is the same on them."""
    found = of(version(number, "Engine"), {})

    assert may == found.may_keep_queries
    assert DOCKER == replace(found, may_keep_queries=False)


@pytest.mark.parametrize("number", ["4.3.1", "4.9.5", "5.3.0", "3.4", ""])
def test_a_podman_that_would_blame_the_image_is_refused(number: str) -> None:
    """In one line that names the version."""
    with pytest.raises(EngineError, match=rf"expected Podman 5\.4 or later, got {number}: .* out of memory"):
        of(version(number, "Podman Engine"), {})


def test_a_podman_that_cannot_limit_memory_is_refused() -> None:
    """It starts no container then, where Docker Engine starts it without the limit."""
    with pytest.raises(EngineError, match=r"cannot limit the memory of containers .*delegate the cgroup controllers"):
        of(version("5.8.6", "Podman Engine"), {"MemoryLimit": False})


def test_reports_name_the_engine() -> None:
    """Two engines may have the same number."""
    engines = [Engine("5.8.6", "1.44", 0, "amd64", dialect) for dialect in (DOCKER, PODMAN)]

    assert ["Docker Engine 5.8.6", "Podman 5.8.6"] == [str(each) for each in engines]


def test_a_log_is_bounded_where_the_engine_keeps_its_end() -> None:
    """Podman drops all of it at its bound, so that nothing would tell what was lost."""
    assert {"max-size": "100", "max-file": "2", "compress": "false"} == DOCKER.log_config(100).config
    assert ("k8s-file", ["max-size"]) == (PODMAN.log_config(100).type, list(PODMAN.log_config(100).config))


ENTRIES = [("/opt/ml/config/a.json", b"{}"), ("/opt/ml/processing/in", None), ("/opt/ml/processing/in/x", b"x")]


def test_all_is_put_at_once_where_an_archive_enters_volumes() -> None:
    """Each call costs time."""
    assert {"/": ENTRIES} == volumes.shares("/", (), ENTRIES)


def test_each_volume_gets_its_own_share() -> None:
    """The deepest volume that a path is in; /opt/ml gets an archive in any case, since that settles its owner."""
    found = volumes.shares("/", ("/opt/ml", "/opt/ml/processing/in", "/opt/ml/processing/out"), ENTRIES)

    assert {"/": [], "/opt/ml": ENTRIES[:1], "/opt/ml/processing/in": ENTRIES[1:]} == found
