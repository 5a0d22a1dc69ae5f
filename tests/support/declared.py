"""Checks that are declared by hand, in a registry of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.rule.contract import BYOC
from conformance.rule.declaration import DOCUMENTED, MUST, Check, Judge, Registry, check
from conformance.rule.sight import Sight


def finding(*texts: str) -> Judge:
    """A judge of the image alone that finds this."""

    def judge(image: object) -> Iterator[str]:
        yield from texts if image else ()

    return judge


def declare(judge: Judge, registry: Registry, **changes: Any) -> Check:  # noqa: ANN401 - the fields of a check
    """Declare a check that is sound but for these changes, and return it.

    One that judges runs sees how they ended, unless it is said to see something else.
    """
    gets_runs = changes.get("job") is not None or changes.get("shown_by") is not None
    fields = {
        "check_id": "exit.example",
        "level": MUST,
        "title": "The example holds",
        "job": None,
        "clause": "Every example holds.",
        "spec": BYOC / "byoc-run-image",
        "basis": DOCUMENTED,
        "remedy": "Mend the example.",
        "reproduce": "docker run IMAGE",
        "sees": {Sight.ENDS} if gets_runs else (),
    } | changes
    judge.__module__ = changes.pop("module", "conformance.checks." + fields["check_id"].partition(".")[0])
    fields.pop("module", None)
    decorate: Callable[[Judge], Judge] = check(**fields, registry=registry)
    decorate(judge)
    return registry[fields["check_id"]]
