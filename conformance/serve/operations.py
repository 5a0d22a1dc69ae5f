"""Operations of SageMaker that are answered here, from the JSON of a request to that of an answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from conformance.serve import constraints, faults

Answer: TypeAlias = dict[str, Any] | None
"""The members of an answer; None where it has no content at all."""

Handler: TypeAlias = Callable[[str, dict[str, Any]], Answer]
"""Answers a request of a region, which keeps the constraints of the API model, or raises `Fault`."""

TAGGING = frozenset({"AddTags", "ListTags", "DeleteTags"})
"""Operations on any resource of SageMaker, of which those on processing jobs are answered here."""

PROCESSING = ":processing-job/"


class Operations:
    """Operations by their names."""

    def __init__(self, *by_name: Mapping[str, Handler]) -> None:
        """Answer by these."""
        self._by_name = {name: handler for each in by_name for name, handler in each.items()}

    def owns(self, operation: str, body: bytes) -> bool:
        """Whether an operation is answered here."""
        if operation in TAGGING:
            return PROCESSING in _resource(body)
        return operation in self._by_name

    def answer(self, operation: str, region: str, body: bytes) -> Answer:
        """Answer a request.

        Raises:
            Fault: it is refused.
        """
        try:
            document = json.loads(body or b"{}")
        except (ValueError, RecursionError) as error:
            raise faults.unreadable("the request is not JSON") from error
        return self._by_name[operation](region, constraints.checked(operation, document))


def _resource(body: bytes) -> str:
    """The ARN of what is tagged; empty where a request has none."""
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return ""
    return str(document.get("ResourceArn")) if isinstance(document, dict) else ""
