"""Pages of jobs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.serve.faults import Fault
from conformance.serve.listing import page

statuses = st.sampled_from(["InProgress", "Completed", "Failed"])


def described(number: int, status: str, created: float) -> dict[str, Any]:
    """A job as it is told of."""
    return {
        "ProcessingJobName": f"job-{number}",
        "ProcessingJobStatus": status,
        "CreationTime": created,
        "LastModifiedTime": created + 1,
    }


# Several have the same time, as two that were created at once.
jobs = st.lists(st.tuples(statuses, st.integers(0, 3)), max_size=12).map(
    lambda found: [described(number, status, float(time)) for number, (status, time) in enumerate(found)]
)


def pages(request: dict[str, Any], found: list[dict[str, Any]]) -> list[list[str]]:
    """The names on all pages."""
    answer = page(request, found)
    names = [[job["ProcessingJobName"] for job in answer["ProcessingJobSummaries"]]]
    while "NextToken" in answer:
        answer = page({**request, "NextToken": answer["NextToken"]}, found)
        names.append([job["ProcessingJobName"] for job in answer["ProcessingJobSummaries"]])
    return names


@given(
    jobs,
    st.sampled_from([None, "Name", "CreationTime", "Status"]),
    st.sampled_from([None, "Ascending", "Descending"]),
    st.integers(1, 5),
)
def test_pages_have_every_job_once(found: list[dict[str, Any]], by: str | None, order: str | None, size: int) -> None:
    """In the order of one page that has all of them; all but the last are full."""
    request = {"SortBy": by, "SortOrder": order}
    request = {name: value for name, value in request.items() if value is not None}

    cut = pages({**request, "MaxResults": size}, found)

    (whole,) = pages({**request, "MaxResults": 100}, found)
    assert whole == [name for names in cut for name in names]
    assert {size} >= {len(names) for names in cut[:-1]}
    member = {"Name": "ProcessingJobName", "Status": "ProcessingJobStatus"}.get(by or "", "CreationTime")
    values = [next(job[member] for job in found if job["ProcessingJobName"] == name) for name in whole]
    assert sorted(values, reverse=order == "Descending") == values


def test_job_that_comes_between_two_pages_moves_no_other() -> None:
    """Nor does one that goes."""
    found = [described(number, "Completed", float(number)) for number in range(6)]
    first = page({"MaxResults": 3}, found)

    second = page({"MaxResults": 3, "NextToken": first["NextToken"]}, [described(9, "Failed", -1.0), *found[1:]])

    assert ["job-3", "job-4", "job-5"] == [job["ProcessingJobName"] for job in second["ProcessingJobSummaries"]]


@pytest.mark.parametrize(
    ("request_members", "expected"),
    [
        ({}, [0, 1, 2]),
        ({"NameContains": "JOB-1"}, [1]),
        ({"StatusEquals": "Failed"}, [2]),
        ({"CreationTimeAfter": 0}, [1, 2]),
        ({"CreationTimeBefore": 1}, [0]),
        ({"LastModifiedTimeAfter": 1, "LastModifiedTimeBefore": 3}, [1]),
    ],
)
def test_filters_choose(request_members: dict[str, Any], expected: list[int]) -> None:
    """Times are compared without the limit itself."""
    found = [described(0, "Completed", 0), described(1, "InProgress", 1), described(2, "Failed", 2)]

    assert [[f"job-{number}" for number in expected]] == pages(request_members, found)


def test_page_has_ten_jobs_where_nothing_is_said() -> None:
    """And a token only where there are more."""
    found = [described(number, "Completed", float(number)) for number in range(10)]

    assert [10] == [len(names) for names in pages({}, found)]
    assert [10, 1] == [len(names) for names in pages({}, [*found, described(10, "Failed", 10.0)])]


@pytest.mark.parametrize(
    "token",
    ["", "x", "bm8=", "WzFd", "WyJhIiwgMV0=", "e30=", "WyJhIiwgImIiXQ==", "W1sxXSwgIngiXQ==", "W251bGwsICJ4Il0="],
)
def test_token_of_nobody_is_refused(token: str) -> None:
    """Whatever it holds: no base64, no JSON, no list, names of another kind or of none."""
    with pytest.raises(Fault, match="Invalid NextToken"):
        page({"NextToken": token}, [described(0, "Completed", 0.0)])
