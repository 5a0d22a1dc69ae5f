"""The operations on processing jobs and on their tags."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.job.validation import not_run_locally, service_faults
from conformance.serve import constraints, faults, listing
from conformance.serve.jobs import Job, Jobs
from conformance.serve.operations import Answer, Handler


class Processing:
    """What clients may ask of jobs; `begin` is called with each that was created, `stopped` with each to be stopped."""

    def __init__(self, jobs: Jobs, begin: Callable[[Job], None], stopped: Callable[[Job], None]) -> None:
        """Answer for these jobs."""
        self._jobs = jobs
        self._begin = begin
        self._stopped = stopped
        self.by_name: dict[str, Handler] = {
            "CreateProcessingJob": self._create,
            "DescribeProcessingJob": self._describe,
            "ListProcessingJobs": self._list,
            "StopProcessingJob": self._stop,
            "DeleteProcessingJob": self._delete,
            "AddTags": self._add_tags,
            "ListTags": self._list_tags,
            "DeleteTags": self._delete_tags,
        }

    def create(self, region: str, document: object) -> Job:
        """Create a job of a request that nobody has checked.

        Raises:
            Fault: it is refused.
        """
        return self._created(region, constraints.checked("CreateProcessingJob", document))

    def stop(self, job: Job) -> None:
        """Have a job stopped; raises `Fault` where it has ended."""
        job.ask_to_stop()
        self._stopped(job)

    def _created(self, region: str, request: dict[str, Any]) -> Job:
        if broken := (*service_faults(request), *not_run_locally(request)):
            raise faults.unacceptable(broken)
        job = Job(region, request, {tag["Key"]: tag["Value"] for tag in request.get("Tags", ())})
        self._jobs.add(job)
        self._begin(job)
        return job

    def _create(self, region: str, request: dict[str, Any]) -> Answer:
        return {"ProcessingJobArn": self._created(region, request).arn}

    def _describe(self, region: str, request: dict[str, Any]) -> Answer:
        job = self._jobs.find(region, request["ProcessingJobName"])
        if job is None:
            raise faults.not_found(request["ProcessingJobName"])
        return job.described()

    def _list(self, region: str, request: dict[str, Any]) -> Answer:
        return listing.page(request, [job.described() for job in self._jobs.of_region(region)])

    def _stop(self, region: str, request: dict[str, Any]) -> Answer:
        self.stop(self._found(region, request))
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
