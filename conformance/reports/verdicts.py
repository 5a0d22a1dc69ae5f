"""The verdicts of a document, without the checks that made them: a report may be of another version of the suite."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.rule.contract import Source
from conformance.rule.declaration import Basis, Check, Level
from conformance.verdict.verdict import Verdict, Waived, Word
from conformance.verdict.waiver import Waiver


def of_record(record: Mapping[str, Any]) -> Verdict:
    """The verdict that a record of the document is of; its check tells what it says and can judge nothing."""
    check = Check(
        id=record["check"],
        level=Level(record["level"]),
        title=record["title"],
        clause=record["clause"],
        source=Source(record["source"]["title"], record["source"]["url"]),
        basis=Basis(record["basis"]),
        remedy=record["remedy"],
        job=None,
        judge=_judge,
    )
    return Verdict(
        check=check,
        word=Word(record["verdict"]),
        violations=tuple(record["violations"]),
        reason=record["reason"],
        applies=record["applies"],
        see=record["see"],
        request=record["job"],
        reproduce=record["reproduce"],
        logs=tuple(record["logs"]),
        waived=waived(record),
    )


def waived(record: Mapping[str, Any]) -> Waived | None:
    """By whom the verdict is answered for."""
    told = record["waived"]
    return None if told is None else Waived(Word(told["found"]), tuple(map(Waiver.of, told["by"])))


def _judge(*_: object) -> Iterator[str]:
    raise TypeError("a check that was read from a report judges nothing")
