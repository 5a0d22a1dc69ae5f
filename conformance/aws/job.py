"""AWS as the containers of one job reach it: moto behind the credentials of the role, and every call written down.

A request to the outside of a container is a host's own by the socket through which it comes.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, BinaryIO

from conformance.aws.application import LACKING, Application, refuse
from conformance.aws.credentials import Credentials, assume_role
from conformance.aws.order import AWAITED, Order
from conformance.aws.request import AwsRequest, read
from conformance.aws.tree import Tree
from conformance.errors import UsageError
from conformance.outcome.calls import CREDENTIALS, Call, Signer

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

MOST_CALLS = 10_000
"""How many calls of a run are written down; of more it is only counted how many."""

MOST_BYTES = 4 << 30
"""How much the containers of a run may send in all: it is kept on this machine's disk until the end of the run."""

LARGEST_BYTES = 1 << 30
"""How much they may send at once: moto holds it in memory."""

JOB_ERRORS = {True: ("400 Bad Request", "ThrottlingException"), False: ("503 Slow Down", "SlowDown")}
"""How AWS turns away a call that comes too fast, in a protocol of JSON and in one of XML."""


class JobAws:
    """What all hosts of a run have in common."""

    def __init__(self, application: Application, order: Order, written: BinaryIO) -> None:
        """Be what the order says, and write the calls down."""
        self.order = order
        self.application = application
        self.credentials: dict[str, Credentials] = {
            host: assume_role(application, order.role_arn, order.region) for host in order.credentials
        }
        self.keys = {each.access_key for each in self.credentials.values()}
        owner = next(iter(self.credentials.values()))
        self.tree = Tree(order.tree, application, owner.access_key, order.region)
        self._written = written
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self._calls = 0
        self._bytes = 0
        self._throttles = order.throttles
        self.note({"region": order.region, "began": self._began})

    def is_to_be_throttled(self) -> bool:
        """Whether this call is the first one, and is to be turned away."""
        with self._lock:
            due, self._throttles = self._throttles, False
        return due

    def refusal(self, sent: int) -> str:
        """Which of the suite's own limits a request breaks that sends so much; empty for none."""
        with self._lock:
            self._bytes += sent
            if sent > LARGEST_BYTES:
                return f"a request to AWS is at most {LARGEST_BYTES} bytes here"
            return f"a job sends at most {MOST_BYTES} bytes to AWS here" if self._bytes > MOST_BYTES else ""

    def seconds(self) -> float:
        """How long it has been there."""
        return time.monotonic() - self._began

    def note(self, line: dict[str, Any]) -> None:
        """Write a line down, at once: the process may be ended at any moment."""
        with self._lock:
            self._calls += "call" in line
            if self._calls > MOST_CALLS and "call" in line:
                line = {"more": 1}
            self._written.write(json.dumps(line).encode() + b"\n")
            self._written.flush()


class HostAws:
    """The WSGI application that one host reaches."""

    def __init__(self, job: JobAws, host: str) -> None:
        """Answer this host."""
        self._job = job
        self._host = host

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, and write it down."""
        path = environ.get("PATH_INFO", "")
        if path == AWAITED:
            self._job.note({"reached": self._host})
            return _answer(start_response, "text/plain", b"conformance")
        status: list[int] = [0]

        def started(line: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - PEP 3333
            status[0] = int(line.split(maxsplit=1)[0])
            for lacking in (value for name, value in headers if name == LACKING):
                self._job.note({"refused": lacking})
            return start_response(line, headers, *error)

        length = environ.get("CONTENT_LENGTH") or "0"
        sent = int(length) if length.isdigit() else 0
        at = self._job.seconds()
        if path == self._job.order.credentials[self._host].path:
            asked = AwsRequest(CREDENTIALS, "GetCredentials")
            own = self._job.credentials[self._host]
            document = own.document(self._job.order.credentials[self._host])
            answer: Iterable[bytes] = _answer(started, "application/json", json.dumps(document).encode())
            throttled = False
        else:
            asked = read(environ)
            throttled = self._job.is_to_be_throttled()
            answer = self._answer(asked, environ, started, sent, throttled=throttled)
        signer = (
            Signer.ROLE if asked.access_key in self._job.keys else Signer.OTHER if asked.access_key else Signer.NOBODY
        )
        content = list(answer)
        call = Call(
            host=self._host,
            at=round(at, 4),
            service=asked.service,
            operation=asked.operation,
            resource=asked.resource,
            signer=signer,
            access_key=asked.access_key if signer is Signer.OTHER else "",
            region=asked.region,
            status=status[0],
            sent=sent,
            received=sum(map(len, content)),
            throttled=throttled,
        )
        self._job.note({"call": asdict(call)})
        return content

    def _answer(
        self,
        asked: AwsRequest,
        environ: dict[str, Any],
        start_response: StartResponse,
        sent: int,
        *,
        throttled: bool,
    ) -> Iterable[bytes]:
        if throttled:
            status, code = JOB_ERRORS[asked.answers_in_json]
            return refuse(asked, code, "Please reduce your request rate.", start_response, status=status)
        if reason := self._job.refusal(sent):
            self._job.note({"refused": reason})
            return refuse(asked, "EntityTooLarge", reason, start_response)
        try:
            self._job.tree.provide(asked, environ.get("HTTP_X_AMZ_COPY_SOURCE", ""))
        except (UsageError, OSError) as error:
            self._job.note({"refused": f"S3 cannot be read: {error}"})
            return refuse(asked, "InternalError", str(error), start_response)
        return self._job.application.answer(asked, environ, start_response)


def _answer(start_response: StartResponse, kind: str, content: bytes) -> list[bytes]:
    start_response("200 OK", [("Content-Type", kind), ("Content-Length", str(len(content)))])
    return [content]
