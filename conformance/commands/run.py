"""`processing-conformance run`: one job, run as AWS would run it, and not judged."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from conformance.aws.process import need_libraries
from conformance.commands.console import Console, say, say_sometimes
from conformance.commands.exits import ExitStatus
from conformance.commands.shared import grace, image_reference, outside_network
from conformance.commands.waiting import signals
from conformance.errors import JobError, UploadError, UsageError
from conformance.job import forms
from conformance.job.inputs import find_inputs
from conformance.job.objects import ObjectTree, S3Uri
from conformance.job.request import JobRequest
from conformance.job.validation import load
from conformance.outcome.outcome import JobStatus, Outcome
from conformance.service import engine, inspection
from conformance.service.live import StopOrder
from conformance.service.local import LocalService
from conformance.service.settings import Settings

if TYPE_CHECKING:
    from conformance.commands.own_aws import OwnAws

STATUS = {
    JobStatus.COMPLETED: ExitStatus.COMPLETED,
    JobStatus.FAILED: ExitStatus.FAILED,
    JobStatus.STOPPED: ExitStatus.STOPPED,
}


@dataclass(frozen=True)
class Job:
    """The validated command line."""

    image: str
    request: JobRequest
    objects: ObjectTree | None
    target: ObjectTree
    grace_seconds: float
    aws: bool


def run(arguments: argparse.Namespace) -> int:
    """Run the job and return the exit status.

    Raises:
        UsageError: an option is invalid; nothing was run or written.
        RequestError: the service would reject the request.
        EngineError: the engine cannot be used.
        ImageError: there is no such image.
        JobError: the job could not be run.
    """
    job = read(arguments)
    reached = engine.connect()
    outside = outside_network(arguments.network, reached, hosts=job.request.instance_count)
    image = inspection.find(reached, job.image, say_sometimes())
    settings = Settings.of_aws(stop_grace_seconds=job.grace_seconds, outside_network=outside)
    own = _own_aws(settings.region) if job.aws else None
    order = StopOrder()
    console = Console(sys.stdout, names=job.request.instance_count > 1)

    def stop(number: signal.Signals) -> None:
        say(
            f"{number.name}: stopping the job by {settings.stop_signal}, and by SIGKILL after {job.grace_seconds:g} s; "
            "another signal kills it at once"
        )
        order.give()

    with (
        signals() as taken,
        _service(LocalService(reached, job.objects, settings, aws=None if own is None else own.provider)) as service,
    ):
        service.remove_left_behind()
        with ThreadPoolExecutor(1, thread_name_prefix="job") as pool:
            running = pool.submit(
                service.perform,
                image,
                job.request,
                watcher=console,
                stop=order,
                target=job.target,
                room=job.target.directory,
            )
            try:
                outcome = taken.wait(running, stop, service.cancel)
            except JobError as error:
                # What was killed cannot be read back.
                if not order.is_given or isinstance(error, UploadError):
                    raise
                outcome = None
    if outcome is None:
        say(f"job {job.request.name}: Stopped, killed")
        return ExitStatus.STOPPED
    for line in told(outcome, job.target):
        say(line)
    if own is not None and outcome.calls is not None:
        for line in own.kept(outcome.calls, job.target):
            say(line)
    return STATUS[outcome.status]


def read(arguments: argparse.Namespace) -> Job:
    """Read and validate the options; raises as `run` does, before anything is begun."""
    grace_seconds, named = grace(arguments.grace), image_reference(arguments.image)
    objects = None if arguments.s3 is None else ObjectTree.given(arguments.s3, "--s3")
    if fault := forms.of_name(arguments.job):
        raise UsageError(f"--job: {fault}")
    request = load(Path(arguments.job))
    find_inputs(request, objects, option="--s3")
    if arguments.aws:
        need_libraries("--aws")
    return Job(named, request, objects, _target(arguments, request), grace_seconds, arguments.aws)


def _target(arguments: argparse.Namespace, request: JobRequest) -> ObjectTree:
    """Where outputs go, which can be written there as far as can be told."""
    if arguments.output is not None:
        try:
            Path(arguments.output).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"--output: {arguments.output!r} cannot be made: {error.strerror}") from error
        target = ObjectTree.given(arguments.output, "--output")
    elif arguments.s3 is not None:
        target = ObjectTree.given(arguments.s3, "--s3")
    else:
        raise UsageError("expected a directory for the outputs, got neither --s3=DIR nor --output=DIR")
    for output in request.outputs:
        try:
            target.try_put(S3Uri.parse(output.s3_uri))
        except UploadError as error:
            raise UsageError(error.message) from error
    return target


def _own_aws(region: str) -> OwnAws:
    # moto takes half a second.
    from conformance.commands.own_aws import OwnAws  # noqa: PLC0415 - as above

    return OwnAws(region)


@contextlib.contextmanager
def _service(service: LocalService) -> Iterator[LocalService]:
    """Remove whatever a service still has on the engine, however the block ends."""
    try:
        yield service
    finally:
        service.close()


def told(outcome: Outcome, target: ObjectTree) -> Iterator[str]:
    """What came of the job, line by line."""
    yield f"job {outcome.request.name}: {outcome.status} after {outcome.seconds:.1f} s"
    if outcome.exit_message is not None:
        yield f"ExitMessage: {outcome.exit_message}"
    if outcome.failure_reason is not None:
        yield f"FailureReason: {outcome.failure_reason}"
    for output in outcome.request.outputs:
        uploads = outcome.uploads_by_output[output.name]
        uri = S3Uri.parse(output.s3_uri)
        files = f"{len(uploads):,} file{'' if len(uploads) == 1 else 's'}"
        size = f"{sum(upload.size for upload in uploads):,} bytes"
        yield f"output {output.name}: {files}, {size}, below {target.directory / uri.bucket / uri.key}"
