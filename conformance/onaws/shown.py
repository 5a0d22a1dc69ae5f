"""From what AWS shows of a job that has ended to an `Outcome`, in which whatever it does not show is empty.

Sources: the API reference, `DescribeProcessingJob`; the wording of `FailureReason` is what users report, and only the
word before its colon and an exit code are taken from it. A job fails by its program with `AlgorithmError`. Any other
reason is trouble of the service, the account or the request, and no evidence against an image; the one exception is the
`ClientError` for a message that is not UTF-8.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from conformance.errors import JobError
from conformance.files.stream import Fault, Search
from conformance.files.tree import File, FileTree, Kind
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN
from conformance.job.objects import S3Uri, uploaded_to
from conformance.job.request import JobRequest
from conformance.job.variation import INPUT_MARKER, Variation
from conformance.onaws.place import Listed
from conformance.outcome.outcome import MESSAGE_PATH, End, Host, JobStatus, Log, Outcome, Upload
from conformance.service import command

UNSEEN = "AWS shows no processes of a container"

BY_THE_PROGRAM = re.compile(
    r"AlgorithmError:(?P<said>.*?)(?:,?\s*exit code:\s*(?P<code>\d+))?\s*", re.DOTALL | re.IGNORECASE
)
"""`AlgorithmError: , exit code: 1`, and older ones without a code or with other words before it."""

NOTHING_SAID = re.compile(r"[\s,.]*(see job logs for more information)?[\s,.]*", re.IGNORECASE)
"""What stands before the exit code and tells nothing."""

BY_THE_MESSAGE = re.compile(
    r"ClientError:(?=.*\bmessage\b)(?=.*\butf-?8\b)(?!.*\b(down|up)load)", re.DOTALL | re.IGNORECASE
)
"""AWS documents that such a job fails with a `ClientError`, and not how that is worded."""

OF_CREDENTIALS = re.compile(
    r"AWS_CONTAINER_CREDENTIALS_(?:RELATIVE|FULL)_URI\W{1,6}((?:https?:/)?/[\w./:-]*[\w-]{16,})", re.ASCII
)
"""A variable with the path to a role's credentials: which path a job has, AWS does not show."""


@dataclass(frozen=True)
class Seen:
    """What AWS shows of a job: its description, the log of each host that has one, and the objects of each output.

    `limit_seconds` is the MaxRuntimeInSeconds with which it was sent.
    """

    described: Mapping[str, Any]
    limit_seconds: int
    logs: Mapping[str, bytes] = field(default_factory=dict)
    objects: Mapping[str, Sequence[Listed]] = field(default_factory=dict)


def outcome(image: Image, request: JobRequest, variation: Variation, seen: Seen) -> Outcome:
    """What came of a job.

    Raises:
        JobError: it did not end by its program or by the time limit, which says nothing of the image.
    """
    status = JobStatus(seen.described["ProcessingJobStatus"])
    seconds = _seconds(seen.described)
    reason, message = seen.described.get("FailureReason"), seen.described.get("ExitMessage")
    end, code, refusal, fault = _end(status, reason, seen, request, seconds)
    first = request.hosts[0]
    uploads = _uploads(request, seen, first if len(request.hosts) == 1 else "")
    files = [File(upload.path, Kind.FILE, size=upload.size) for upload in uploads]
    content = None if message is None else str(message).encode()
    if content is not None or fault is not None:
        files.append(File(MESSAGE_PATH, Kind.FILE, size=len(content or b"")))
    hosts = []
    for name in request.hosts:
        log, words = _log(seen.logs.get(name))
        said = content if name == first else None
        in_message = _words(said or b"")
        hosts.append(
            Host(
                name,
                command.argv(image, request),
                end,
                exit_code=code,
                start_error=refusal,
                stdout=log,
                # Which host wrote what, AWS does not show: of the first one all of it is told.
                files=FileTree.of(files if name == first else ()),
                message=said,
                message_fault=fault if name == first else None,
                message_found=frozenset(in_message),
                seconds=seconds,
                untraced=UNSEEN,
                secrets=tuple((words | in_message) - {INPUT_MARKER})[:1],
            )
        )
    return Outcome(
        request,
        variation,
        status,
        tuple(hosts),
        uploads,
        exit_message=None if message is None else str(message),
        failure_reason=reason,
        seconds=seconds,
        conditions=AS_CHOSEN.untraced(),
        on_aws=True,
    )


def _end(
    status: JobStatus, reason: str | None, seen: Seen, request: JobRequest, seconds: float
) -> tuple[End, int | None, str, Fault | None]:
    """How every host ended, with which exit code, why it did not start, and what was wrong with its message."""
    if status is JobStatus.COMPLETED:
        return End.EXITED, 0, "", None
    if status is JobStatus.STOPPED:
        if seconds < seen.limit_seconds:
            raise JobError(f"job {_name(seen)} was stopped after {seconds:.0f} s by somebody else")
        limited = seen.limit_seconds >= request.max_runtime_seconds
        return (End.MAX_RUNTIME if limited else End.SUITE_LIMIT), None, "", None
    if BY_THE_MESSAGE.match(reason or ""):
        # A failure of the program itself has its own reason, as far as is known.
        return End.EXITED, 0, "", Fault(None, None, reason or "")
    found = BY_THE_PROGRAM.fullmatch(reason or "")
    if status is not JobStatus.FAILED or found is None:
        raise JobError(f"AWS could not run job {_name(seen)}: {reason or status}")
    code = None if found["code"] is None else int(found["code"])
    if NOTHING_SAID.fullmatch(found["said"]) or any(seen.logs.values()):
        return End.EXITED, code, "", None
    return End.NOT_STARTED, code, found["said"].strip(" ,"), None


def _uploads(request: JobRequest, seen: Seen, host: str) -> tuple[Upload, ...]:
    """The objects of each output, with the URIs that the request gives them; they are told apart by their ETags."""
    return tuple(
        Upload(
            output.name,
            host,
            f"{output.directory}/{each.below}",
            str(uploaded_to(S3Uri.parse(output.s3_uri), each.below)),
            each.size,
            each.etag,
        )
        for output in request.outputs
        for each in seen.objects.get(output.name, ())
    )


def _log(content: bytes | None) -> tuple[Log, set[str]]:
    """One log for both streams, and what was found in it; one that is not there may not have been written at all."""
    if content is None:
        return Log(complete=False), set()
    words = _words(content)
    return Log(content, size=len(content), found=frozenset(words)), words


def _words(content: bytes) -> set[str]:
    search = Search([INPUT_MARKER])
    search.feed(content)
    return {*search.found, *OF_CREDENTIALS.findall(content.decode("utf-8", "replace"))}


def _seconds(described: Mapping[str, Any]) -> float:
    """How long the job ran; 0 where it did not start."""
    began, ended = described.get("ProcessingStartTime"), described.get("ProcessingEndTime")
    return 0.0 if began is None or ended is None else float((ended - began).total_seconds())


def _name(seen: Seen) -> str:
    return str(seen.described.get("ProcessingJobName", ""))
