"""What two jobs showed beside what the suite chose."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.calibration.comparison import rows
from conformance.calibration.seen import Seen, Stopped, looking, waiting
from conformance.job.model import model_faults
from conformance.job.validation import service_faults
from conformance.service.settings import Settings

DATA = "/opt/ml/processing/input/data"
STOPPED = Stopped.of_log(["alive 10.000", "signal SIGINT 10.500", "alive 10.600", "noise", "alive 20.400"])


def entry(path: str, kind: str = "directory", mode: str = "0755", uid: int = 0) -> dict[str, Any]:
    """An entry below /opt/ml."""
    return {"path": path, "kind": kind, "mode": mode, "uid": uid, "gid": uid}


def look(host: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - members of a look
    """What a host sees where all is as the suite chose it."""
    return {
        "host": host,
        "hostname": "ip-10-0-0-1",
        "names": {"algo-1": {}, "algo-2": {}},
        "shm_bytes": 64 << 20,
        "entries": [
            entry(DATA),
            entry("/opt/ml/processing/output/look"),
            entry(f"{DATA}/sub/table.csv", "file", "0644"),
            entry("/opt/ml/processing/input/stream_0", "FIFO", "0644"),
        ],
        "mounts": [{"place": "/"}, {"place": "/opt/ml"}, {"place": "/opt/mlx"}],
        "resourceconfig": {"current_host": host, "hosts": ["algo-1", "algo-2"]},
        "environment": {"AWS_REGION": "us-east-1", "HOME": "/root"},
        "terminal": False,
        **changes,
    }


SEEN = Seen((look("algo-1"), look("algo-2")), "[algo-1][algo-2]", STOPPED)


def agreed(seen: Seen) -> dict[str, bool | None]:
    """Whether each choice agrees."""
    return {row.name: row.agrees for row in rows(seen, Settings())}


def test_all_agrees_where_the_platform_is_as_it_was_chosen() -> None:
    """Row by row."""
    assert {True} == set(agreed(SEEN).values())


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("hostname", {"hostname": "algo-1"}),
        ("shm_bytes", {"shm_bytes": 1 << 30}),
        ("directory_mode", {"entries": [entry(DATA, mode="0777")]}),
        ("output_mode", {"entries": [entry("/opt/ml/processing/output/look", uid=1000)]}),
        ("file_mode", {"entries": [entry(f"{DATA}/sub/table.csv", "file", "0755")]}),
        ("fifo_name", {"entries": [entry("/opt/ml/processing/input/stream", "FIFO")]}),
        ("mounts_below_opt_ml", {"mounts": [{"place": DATA}]}),
        (
            "resourceconfig",
            {"resourceconfig": {"current_host": "algo-1", "hosts": [], "network_interface_name": "eth0"}},
        ),
        ("region_variable", {"environment": {"AWS_REGION": "", "AWS_DEFAULT_REGION": ""}}),
        ("terminal", {"terminal": True}),
    ],
)
def test_each_difference_is_told(name: str, changes: dict[str, Any]) -> None:
    """With what was seen instead."""
    seen = replace(SEEN, looks=(look("algo-1", **changes), look("algo-2")))
    (row,) = (row for row in rows(seen, Settings()) if row.name == name)

    assert row.agrees is False
    assert row.seen not in {"", row.chosen}


def test_stop_is_compared_by_signal_and_time() -> None:
    """Another signal, or another time until it was killed; without a signal, neither was seen."""
    other = Stopped.of_log(["signal SIGTERM 1.000", "alive 121.000"])
    changed = agreed(replace(SEEN, stopped=other))
    unseen = agreed(replace(SEEN, stopped=Stopped.of_log(["alive 1.000"])))

    assert ((("SIGTERM", 0.0),), 120.0) == (other.signals, other.alive_seconds)
    assert (False, False) == (changed["stop_signal"], changed["stop_grace_seconds"])
    assert (None, None) == (unseen["stop_signal"], unseen["stop_grace_seconds"])


def test_message_shows_order_and_separator() -> None:
    """Each host writes its name; none may come at all."""
    assert agreed(replace(SEEN, exit_message="[algo-2]\n[algo-1]"))["message_order"] is False
    assert agreed(replace(SEEN, exit_message=None))["message_order"] is None


def test_aws_takes_both_requests() -> None:
    """By the API's model and the rules that the suite knows."""
    for request in (
        looking("image", "arn:aws:iam::123456789012:role/x", "ml.m5.large", 2),
        waiting("image", "arn:aws:iam::123456789012:role/x", "ml.m5.large"),
    ):
        document = dict(request.document)

        assert [] == [*model_faults(document), *service_faults(document)]
