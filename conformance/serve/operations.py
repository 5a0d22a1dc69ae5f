"""The operations on processing jobs and on their tags, from the JSON of a request to that of an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from conformance.job.validation import not_run_locally, service_faults
from conformance.serve import constraints, faults, listing
from conformance.serve.jobs import Job, Jobs

Answer = dict[str, Any] | None
"""The members of an answer; None where it has no content at all."""

TAGGING = frozenset({"AddTags", "ListTags", "DeleteTags"})
"""Operations on any resource of SageMaker, of which those on processing jobs are answered here."""

PROCESSING = ":processing-job/"


class Operations:
    """What clients may ask for; `begin` is called with each job that was created, `stopped` with each to be stopped."""

    def __init__(self, jobs: Jobs, begin: Callable[[Job], None], stopped: Callable[[Job], None]) -> None:
        """Answer for these jobs."""
        self._jobs = jobs
        self._begin = begin
        self._stopped = stopped
        self._by_name: dict[str, Callable[[str, dict[str, Any]], Answer]] = {
            "CreateProcessingJob": self._create,
            "DescribeProcessingJob": self._describe,
            "ListProcessingJobs": self._list,
            "StopProcessingJob": self._stop,
            "DeleteProcessingJob": self._delete,
            "AddTags": self._add_tags,
            "ListTags": self._list_tags,
            "DeleteTags": self._delete_tags,
        }

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
        if wrong := constraints.wrong_type(operation, document):
            raise faults.unreadable(wrong)
        if broken := constraints.broken(operation, document):
            raise faults.invalid(broken)
        return self._by_name[operation](region, constraints.known(operation, document))

    def _create(self, region: str, request: dict[str, Any]) -> Answer:
        if broken := (*service_faults(request), *not_run_locally(request)):
            raise faults.unacceptable(broken)
        job = Job(region, request, {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())})
        self._jobs.add(job)
        self._begin(job)
        return {"ProcessingJobArn": job.arn}

    def _describe(self, region: str, request: dict[str, Any]) -> Answer:
        job = self._jobs.find(region, request["ProcessingJobName"])
        if job is None:
            raise faults.not_found(request["ProcessingJobName"])
        return job.described()

    def _list(self, region: str, request: dict[str, Any]) -> Answer:
        return listing.page(request, [job.described() for job in self._jobs.of_region(region)])

    def _stop(self, region: str, request: dict[str, Any]) -> Answer:
        job = self._found(region, request)
        job.ask_to_stop()
        self._stopped(job)
        return None

    def _delete(self, region: str, request: dict[str, Any]) -> Answer:
        self._jobs.remove(self._found(region, request))
        return None

    def _add_tags(self, _region: str, request: dict[str, Any]) -> Answer:
        job = self._jobs.of_arn(request["ResourceArn"])
        job.tag({tag["Key"]: tag["Value"] for tag in request["Tags"]})
        return {"Tags": job.tag_list()}

    def _list_tags(self, _region: str, request: dict[str, Any]) -> Answer:
        # All of them: a resource has no more tags than the smallest page that a client may ask for.
        return {"Tags": self._jobs.of_arn(request["ResourceArn"]).tag_list()}

    def _delete_tags(self, _region: str, request: dict[str, Any]) -> Answer:
        self._jobs.of_arn(request["ResourceArn"]).untag(request["TagKeys"])
        return {}

    def _found(self, region: str, request: dict[str, Any]) -> Job:
        job = self._jobs.find(region, request["ProcessingJobName"])
        if job is None:
            raise faults.not_found_to_update(request["ProcessingJobName"])
        return job


def _resource(body: bytes) -> str:
    """The ARN of what is tagged; empty where a request has none."""
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError):
        return ""
    return str(document.get("ResourceArn")) if isinstance(document, dict) else ""
