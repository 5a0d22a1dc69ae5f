"""What was seen beside what the suite chose where AWS leaves it open: one row for each, and whether they agree."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.calibration.seen import Seen
from conformance.job.request import PROCESSING
from conformance.service.choices import FIXED
from conformance.service.settings import Settings

GRACE_TOLERANCE_SECONDS = 2.0
"""How far a time that was measured by a log may be from the one that was chosen."""


@dataclass(frozen=True)
class Row:
    """One choice: its name, its value here, what was seen, and whether that agrees; None where it was not seen."""

    name: str
    chosen: str
    seen: str
    agrees: bool | None

    def described(self) -> dict[str, Any]:
        """As plain data."""
        return {"name": self.name, "chosen": self.chosen, "seen": self.seen, "agrees": self.agrees}


def rows(seen: Seen, settings: Settings) -> Iterator[Row]:
    """The choices that a job can show."""
    fixed = {choice.name: str(choice.value) for choice in FIXED}
    first = seen.looks[0]
    entries = {entry["path"]: entry for look in seen.looks[:1] for entry in look["entries"]}
    yield _same("hostname", "not the name of a host", _hostname(first))
    yield _same("shm_bytes", str(settings.shm_bytes), str(first["shm_bytes"]))
    yield _same("directory_mode", f"{fixed['directory_mode']} of 0:0", _owned(entries, f"{PROCESSING}/input/data"))
    yield _same("output_mode", f"{fixed['directory_mode']} of 0:0", _owned(entries, f"{PROCESSING}/output/look"))
    yield _same("file_mode", f"{fixed['file_mode']} of 0:0", _owned(entries, f"{PROCESSING}/input/data/sub/table.csv"))
    yield _same("fifo_name", "stream_0", ", ".join(_fifos(entries)))
    yield _same("mounts_below_opt_ml", "/opt/ml", ", ".join(_mounts(first)))
    names = "".join(f"[{look['host']}]" for look in seen.looks)
    yield _same("message_order", names, seen.exit_message or "")
    yield _same("resourceconfig", "current_host, hosts", ", ".join(_members(first["resourceconfig"])))
    yield _same("region_variable", "AWS_REGION", ", ".join(name for name in first["environment"] if "REGION" in name))
    yield _same("terminal", "none", "one" if first["terminal"] else "none")
    signals = ", ".join(f"{name} after {at:g} s" for name, at in seen.stopped.signals)
    yield _same("stop_signal", f"{settings.stop_signal} after 0 s", signals)
    grace = seen.stopped.alive_seconds
    agrees = None if grace is None else abs(grace - settings.stop_grace_seconds) <= GRACE_TOLERANCE_SECONDS
    yield Row("stop_grace_seconds", f"{settings.stop_grace_seconds:g}", "" if grace is None else f"{grace:g}", agrees)


def _same(name: str, chosen: str, seen: str) -> Row:
    return Row(name, chosen, seen, chosen == seen if seen else None)


def _hostname(look: Mapping[str, Any]) -> str:
    return look["hostname"] if look["hostname"] in look["names"] else "not the name of a host"


def _owned(entries: Mapping[str, Mapping[str, Any]], path: str) -> str:
    found = entries.get(path)
    return "" if found is None else f"{found['mode']} of {found['uid']}:{found['gid']}"


def _fifos(entries: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return [posixpath.basename(path) for path, entry in entries.items() if entry["kind"] == "FIFO"]


def _mounts(look: Mapping[str, Any]) -> list[str]:
    return sorted(each["place"] for each in look["mounts"] if f"{each['place']}/".startswith("/opt/ml/"))


def _members(document: object) -> list[str]:
    return sorted(document) if isinstance(document, dict) else []
