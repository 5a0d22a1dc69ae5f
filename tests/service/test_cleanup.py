"""What a run made is removed when that run is over, as its process tells, or else the engine."""

import math
from dataclasses import replace

import pytest
from docker.errors import APIError, NotFound
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ReadTimeout

from conformance.service.cleanup import SILENCE_SECONDS, Thing, _is_removed, _removed, _time, is_over, lost_endpoints
from conformance.service.labels import KEPT, OWNER, RUN, Owner

HERE = Owner.current()
ENDED = replace(HERE, started="1")
ELSEWHERE = replace(HERE, machine="another")


def thing(owner: object = ELSEWHERE, *, made: float = 0.0, kept: str = "false") -> Thing:
    """A thing of the run `abc`."""
    return Thing("volume", "conformance-abc-1", {RUN: "abc", OWNER: str(owner), KEPT: kept}, made, lambda: None)


@pytest.mark.parametrize("now", [0.0, 1e12])
@pytest.mark.parametrize(("owner", "expected"), [(HERE, False), (ENDED, True)])
def test_a_process_of_this_machine_tells(owner: Owner, expected: bool, now: float) -> None:  # noqa: FBT001 - a parameter of a test
    """However long ago it had something made."""
    assert expected == is_over([thing(owner)], now)


@pytest.mark.parametrize("owner", [ELSEWHERE, replace(HERE, namespace="another"), "no process"])
@pytest.mark.parametrize(
    ("made", "expected"), [([0.0], True), ([0.0, 2.0], False), ([2.0, 0.0, 1.0], False), ([math.inf], False)]
)
def test_of_others_the_engine_tells(owner: object, made: list[float], expected: bool) -> None:  # noqa: FBT001 - as above
    """By when the last thing of the run was made; where it says nothing of that, nothing is over."""
    assert expected == is_over([thing(owner, made=when) for when in made], SILENCE_SECONDS + 1)


@pytest.mark.parametrize("owner", [ENDED, ELSEWHERE])
def test_what_is_to_be_kept_is_kept(owner: Owner) -> None:
    """Whoever made it, and however long ago."""
    assert not is_over([thing(owner), thing(owner, kept="true")], 1e12)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-26T18:54:55Z", 1795719295.0),
        ("2026-11-26T20:54:55.314656182+02:00", 1795719295.314656),
        ("soon", math.inf),
        ("", math.inf),
        (None, math.inf),
    ],
)
def test_a_time_of_the_engine_is_read(text: str | None, expected: float) -> None:
    """To the nanosecond, or not at all."""
    assert expected == _time(text)


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        (None, True),
        (NotFound("no such container"), True),
        (APIError("removal is already in progress"), False),
        (ReadTimeout("read timed out"), False),
        (RequestsConnectionError("read timed out"), False),
    ],
)
def test_a_removal_may_take_longer_than_a_call(trouble: Exception | None, expected: bool) -> None:  # noqa: FBT001 - as above
    """The engine goes on with it, and refuses to begin it again."""

    def remove() -> None:
        if trouble is not None:
            raise trouble

    assert expected == _is_removed(remove)


def test_removal_is_tried_until_nothing_is_there() -> None:
    """The engine may be about to make more, or hold a volume for a moment."""
    found = [[thing(), thing()], [thing()], []]

    assert [] == _removed(lambda: found.pop(0), 60)
    assert [] == found


def test_what_cannot_be_removed_is_told() -> None:
    """When time is up."""

    def refuse() -> None:
        raise APIError("held")

    stuck = replace(thing(), remove=refuse)

    assert [stuck] == _removed(lambda: [stuck, thing()], 0)


def test_networks_that_are_held_are_not_tried_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as anything else is left, it may be what holds them."""
    monkeypatch.setattr("conformance.service.cleanup.HELD_SECONDS", 0.0)
    monkeypatch.setattr("conformance.service.cleanup.PAUSE_SECONDS", 0.0)

    def refuse() -> None:
        raise APIError("has active endpoints")

    network, volume = replace(thing(), kind="network", remove=refuse), replace(thing(), remove=refuse)
    found = [[network, volume], [network, volume], [network], [network], [network]]

    assert [network] == _removed(lambda: found.pop(0), 60)
    assert len(found) <= 2


def test_only_an_endpoint_without_a_container_is_lost() -> None:
    """The engine names such a one by itself; a container that somebody has connected keeps its network."""
    connected = {"4f0e": {"Name": "theirs"}, "ep-77aa": {"Name": "conformance-abc-algo-1-1"}}

    assert ["conformance-abc-algo-1-1"] == lost_endpoints({"Containers": connected})
    assert [] == lost_endpoints({"Containers": None})
    assert [] == lost_endpoints({})
