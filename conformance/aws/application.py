"""moto as one WSGI application that several threads may call, and which answers what it does not know as AWS does."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from moto.server import DomainDispatcherApplication, create_backend_app

from conformance import text
from conformance.aws.credentials import NOBODYS_KEY, signed
from conformance.aws.request import FORM, JSON, XML, AwsRequest, read

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse
    from flask import Flask

UNKNOWN = "UnknownOperationException"

S3_CONTROL = "/v20180820/"
"""How the paths of S3 Control begin, whose requests are signed as those of S3 are."""

LACKING = "x-conformance-lacking"
"""The header of an answer that is none of AWS's own: moto lacks the operation, or failed."""


class Application:
    """Every service of moto, each called by one thread at a time.

    moto's backends are made for one request at a time: to list what grows meanwhile is an error of the server.
    """

    def __init__(self) -> None:
        """Make no service yet; each is made by its first request."""
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._s3: Flask | None = None
        self._locks: defaultdict[str, threading.RLock] = defaultdict(threading.RLock)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request whose service and operation are read from it."""
        return self.answer(read(environ), environ, start_response)

    def answer(self, asked: AwsRequest, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request that has been read already."""
        if environ.get("PATH_INFO", "").startswith("/moto-api"):
            return refuse(asked, "AccessDenied", "not an operation of AWS", start_response, status="403 Forbidden")
        if asked.service == "s3" and FORM in (environ.get("CONTENT_TYPE") or ""):
            # Which curl and Python say of any content, and of which moto would make an empty object.
            environ["CONTENT_TYPE"] = "binary/octet-stream"
        called = f"{asked.service}:{asked.operation}"
        try:
            with self._locks[asked.service]:
                # A service that moto does not know, or for which a library is missing, fails here already.
                service = self._service(asked, environ)
        except (AttributeError, ImportError, KeyError):
            return _lack(asked, UNKNOWN, f"{called} is not available here", start_response)
        try:
            with self._locks[asked.service]:
                return list(service(environ, start_response))
        except NotImplementedError:
            return _lack(asked, UNKNOWN, f"{called} is not available here", start_response)
        except Exception as error:  # noqa: BLE001 - whatever fails in moto is an answer, and none of its pages of HTML
            return _lack(asked, "InternalFailure", f"{called} failed here: {error!r}", start_response)

    def _service(self, asked: AwsRequest, environ: dict[str, Any]) -> Flask:
        """The service of a request. moto looks through all its folders to find one, which costs S3 half its speed."""
        if asked.service != "s3" or environ.get("PATH_INFO", "").startswith(S3_CONTROL):
            return self._moto.get_application(environ)
        if self._s3 is None:
            authorization = signed(NOBODYS_KEY, "us-east-1", "s3")["Authorization"]
            self._s3 = self._moto.get_application(
                {"HTTP_AUTHORIZATION": authorization, "HTTP_HOST": "", "PATH_INFO": "/"}
            )
        return self._s3


def _lack(asked: AwsRequest, code: str, message: str, start_response: StartResponse) -> list[bytes]:
    return refuse(
        asked,
        code,
        message,
        start_response,
        headers=[(LACKING, text.sentence(message).encode("ascii", "backslashreplace").decode())],
    )


def refuse(
    asked: AwsRequest,
    code: str,
    message: str,
    start_response: StartResponse,
    *,
    status: str = "400 Bad Request",
    headers: Sequence[tuple[str, str]] = (),
) -> list[bytes]:
    """An error in the form of the service's protocol, which clients show; they would try an HTML page of 500 again."""
    if asked.answers_in_json:
        kind, content = JSON, json.dumps({"__type": code, "message": message})
    else:
        told = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        # S3's errors stand alone (Amazon S3 API, "Error responses"), those of the query protocol in a response.
        content = f"<Error>{told}</Error>"
        if asked.service != "s3":
            content = f"<ErrorResponse>{content}</ErrorResponse>"
        kind, content = XML, f'<?xml version="1.0" encoding="UTF-8"?>\n{content}'
    body = content.encode()
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), *headers])
    return [body]
