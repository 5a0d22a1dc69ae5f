"""The front door: what a client asks for is answered here, or by moto behind it."""

from __future__ import annotations

import contextlib
import io
import json
import uuid
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from conformance.aws import request
from conformance.aws.application import Application, refuse
from conformance.aws.request import JSON, AwsRequest
from conformance.serve import bodies, logs
from conformance.serve.calls import Calls
from conformance.serve.faults import Fault
from conformance.serve.operations import Operations
from conformance.serve.tunnel import HOST

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse

LARGEST_REQUEST_BYTES = 4 << 20
"""More than any request to SageMaker has."""

FORBIDDEN = "403 Forbidden"


class Front:
    """A WSGI application."""

    def __init__(self, application: Application, operations: Operations, *, region: str) -> None:
        """Answer by these; `region` is that of requests that name none."""
        self._application = application
        self._operations = operations
        self._calls = Calls(application)
        self._region = region

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        with bodies.read(environ):
            asked = request.read(environ)
            if why := _foreign(environ):
                return refuse(asked, "AccessDeniedException", why, start_response, status=FORBIDDEN)
            return self._answer(asked, environ, start_response)

    def _answer(self, asked: AwsRequest, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if asked.service == "sagemaker":
            body = _whole(environ)
            if self._operations.owns(asked.operation, body):
                return self._own(asked, body, start_response)
        elif (asked.service, asked.operation) == ("logs", "FilterLogEvents"):
            self._complete(environ, asked.region or self._region)
        return self._application.answer(asked, environ, start_response)

    def _complete(self, environ: dict[str, Any], region: str) -> None:
        """Put a request of FilterLogEvents into the form that moto answers in full; what is none stays as it is."""
        with contextlib.suppress(ValueError):
            members = json.loads(_whole(environ) or b"{}")
            if isinstance(members, dict):
                changed = json.dumps(logs.filtered(self._calls, region, members)).encode()
                environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(changed), str(len(changed))

    def _own(self, asked: AwsRequest, body: bytes, start_response: StartResponse) -> Iterable[bytes]:
        try:
            answer = self._operations.answer(asked.operation, asked.region or self._region, body)
        except Fault as fault:
            return refuse(asked, fault.code, fault.message, start_response)
        except Exception as error:  # noqa: BLE001 - whatever fails here is an answer
            return refuse(asked, "InternalFailure", repr(error), start_response, status="500 Internal Server Error")
        content = b"" if answer is None else json.dumps(answer).encode()
        headers = [
            ("Content-Type", JSON),
            ("Content-Length", str(len(content))),
            ("x-amzn-RequestId", str(uuid.uuid4())),
        ]
        start_response("200 OK", headers)
        return [content]


def _foreign(environ: dict[str, Any]) -> str:
    """Why a request is none of a client on this machine; empty where it is one.

    No client of AWS sends `Origin`, but a page in a browser does that calls this server; and by a name of its own that
    leads here, a page could do so without it.
    """
    if environ.get("HTTP_ORIGIN"):
        return "requests of web pages are not answered"
    name = environ.get("HTTP_HOST", "").rpartition(":")[0] or environ.get("HTTP_HOST", "")
    if HOST in environ:
        # The authority's certificate has shown the client that it has come to the host that it has asked for.
        return "" if name.lower() == environ[HOST] else f"this tunnel is to {environ[HOST]}, and not to {name!r}"
    return "" if name in {"127.0.0.1", "localhost"} else f"this server is 127.0.0.1, and not {name!r}"


def _whole(environ: dict[str, Any]) -> bytes:
    """The body of a request, which is there to be read once more; of one that is too large, nothing."""
    body: bytes = environ["wsgi.input"].read(LARGEST_REQUEST_BYTES + 1)
    environ["wsgi.input"].seek(0)
    return body if len(body) <= LARGEST_REQUEST_BYTES else b""
