"""The jobs of the clauses, made and looked at through the served API, and what a client sees of each in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.localmode.clauses import PRELUDE, Clause, written
from tests.support.served import Clients, request

LONGEST = 100
PATIENCE_SECONDS = {True: 60, False: 1}
"""How long a job that is to be stopped waits for it, where it can be stopped and where not."""


@dataclass(frozen=True)
class Told:
    """What a client is told of a job: its status, or why there is none."""

    status: str | None
    message: str | None = None
    reason: str | None = None
    error: str | None = None


def bucket_of(clause: Clause, side: str) -> str:
    """The bucket of one row on one side."""
    return f"{side}-{clause.name}"


def job(clause: Clause, side: str, *, can_be_stopped: bool) -> dict[str, Any]:
    """The CreateProcessingJob request of a row."""
    bucket = bucket_of(clause, side)
    patience = str(PATIENCE_SECONDS[can_be_stopped])
    code = PRELUDE + clause.code.replace("{patience}", patience)
    made = request(bucket, code, hosts=clause.hosts, **{**written(), **clause.members})
    if clause.application:
        made["AppSpecification"] = {"ImageUri": made["AppSpecification"]["ImageUri"], **clause.application}
    filled: dict[str, Any] = _filled(made, bucket)
    return filled


def put_objects(clients: Clients, clause: Clause, side: str) -> None:
    """Make the bucket of a row with what is in it before."""
    bucket = bucket_of(clause, side)
    clients.objects.create_bucket(Bucket=bucket)
    for key, text in clause.objects.items():
        clients.objects.put_object(Bucket=bucket, Key=key, Body=text.replace("{bucket}", bucket).encode())


def line(clients: Clients, clause: Clause, side: str, told: Told, home: str = "/root") -> str:
    """All that a client can see of a job that has ended; `home` is that of the client's user."""
    return "; ".join(_steady(part, home) for part in _parts(clients, clause, side, told))


def _parts(clients: Clients, clause: Clause, side: str, told: Told) -> Iterator[str]:
    if told.status is None:
        yield str(told.error)
        return
    yield told.status if told.reason is None else f"{told.status}: {told.reason}"
    if told.message:
        yield f"ExitMessage: {told.message}"
    bucket = bucket_of(clause, side)
    found = clients.objects.list_objects_v2(Bucket=bucket, Prefix="out/").get("Contents", [])
    for key in sorted(each["Key"] for each in found):
        text = clients.objects.get_object(Bucket=bucket, Key=key)["Body"].read().decode()
        yield f"{key.removeprefix('out/')}: {_shown(text)}"


def _shown(text: str) -> str:
    return "(this machine's /etc/hostname)" if text == Path("/etc/hostname").read_text(encoding="utf-8") else text


def _steady(text: str, home: str) -> str:
    """Without what differs from time to time, and cut."""
    text = text.partition("\n")[0].replace(home, "~")
    text = re.sub(r"\b(algo-\d)-[a-z0-9]{5}\b", r"\1-?????", text)
    text = re.sub(r"\btmp[a-z0-9_]{8}\b", "tmp????????", text)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def _filled(value: Any, bucket: str) -> Any:  # noqa: ANN401 - whatever a request consists of
    if isinstance(value, str):
        return value.replace("{bucket}", bucket)
    if isinstance(value, list):
        return [_filled(each, bucket) for each in value]
    if isinstance(value, dict):
        return {key: _filled(each, bucket) for key, each in value.items()}
    return value
