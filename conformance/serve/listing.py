"""ListProcessingJobs: which jobs, in which order, and how many at a time.

Source: the API reference, `ListProcessingJobs`: by CreationTime and Ascending unless the request says otherwise, and a
filter by time takes what is later or earlier than it. A page of 10 where MaxResults is left out, and a name that is
compared without regard to case: inferred.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from conformance.serve import faults

PAGE = 10

SUMMARY = (
    "ProcessingJobName",
    "ProcessingJobArn",
    "CreationTime",
    "ProcessingEndTime",
    "LastModifiedTime",
    "ProcessingJobStatus",
    "FailureReason",
    "ExitMessage",
)
"""The members of a `ProcessingJobSummary`."""

SORTED_BY = {"Name": "ProcessingJobName", "Status": "ProcessingJobStatus", "CreationTime": "CreationTime"}
"""The member that each value of `SortBy` sorts by."""

Description = Mapping[str, Any]

Listed = TypeVar("Listed")


def page(request: Mapping[str, Any], descriptions: Iterable[Description]) -> dict[str, Any]:
    """The answer to a request: a page of the jobs that it selects.

    A token names the last job of its page, so that jobs which come or go between two pages move none of the others.

    Raises:
        Fault: the token is none.
    """
    descending = request.get("SortOrder", "Ascending") == "Descending"
    member = SORTED_BY[request.get("SortBy", "CreationTime")]

    def place(description: Description) -> list[Any]:
        return [description[member], description["ProcessingJobName"]]

    chosen = sorted((each for each in descriptions if _is_chosen(request, each)), key=place, reverse=descending)
    shown, more = cut(request, chosen, place, descending=descending, size=PAGE)
    summaries = [{name: each[name] for name in SUMMARY if name in each} for each in shown]
    return {"ProcessingJobSummaries": summaries, **more}


def cut(
    request: Mapping[str, Any],
    chosen: list[Listed],
    place: Callable[[Listed], list[Any]],
    *,
    descending: bool,
    size: int,
) -> tuple[list[Listed], dict[str, str]]:
    """The page that a request asks for of what is sorted by `place`, and the token of the next one, if there is one.

    `place` is a value to sort by and a name; `size` is that of a page where the request does not say it.

    Raises:
        Fault: the token is none.
    """
    if "NextToken" in request:
        last = _place(request["NextToken"], type(place(chosen[0])[0]) if chosen else None)
        chosen = [each for each in chosen if (place(each) < last if descending else place(each) > last)]
    count = request.get("MaxResults", size)
    if len(chosen) <= count:
        return chosen, {}
    token = base64.urlsafe_b64encode(json.dumps(place(chosen[count - 1])).encode()).decode()
    return chosen[:count], {"NextToken": token}


def _is_chosen(request: Mapping[str, Any], job: Description) -> bool:
    return (
        request.get("NameContains", "").lower() in job["ProcessingJobName"].lower()
        and request.get("StatusEquals", job["ProcessingJobStatus"]) == job["ProcessingJobStatus"]
        and all(
            request.get(f"{time}After", float("-inf")) < job[time] < request.get(f"{time}Before", float("inf"))
            for time in ("CreationTime", "LastModifiedTime")
        )
    )


def _place(token: str, kind: type | None) -> list[Any]:
    """The place of the last job of the page before; `kind` is the type of what the jobs are sorted by."""
    try:
        value, name = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise faults.invalid_token() from error
    is_of_kind = isinstance(value, str | int | float) and (
        kind is None or isinstance(value, str) == issubclass(kind, str)
    )
    if not isinstance(name, str) or not is_of_kind:
        raise faults.invalid_token()
    return [value, name]
