"""Trouble with the engine in words: one line, which says what happened to its answer and to what was asked of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.client import RemoteDisconnected

import pytest
import requests
from docker.errors import APIError
from docker.utils import decode_json_header, parse_repository_tag
from requests.exceptions import ChunkedEncodingError, JSONDecodeError, ReadTimeout
from requests.exceptions import ConnectionError as RequestsConnectionError
from urllib3.exceptions import IncompleteRead, ProtocolError, ReadTimeoutError

from conformance.errors import ConformanceError, EngineError, JobError
from conformance.service.connection import _need_whole_head
from conformance.service.inspection import from_facts
from conformance.service.trouble import BROKEN_OFF, GONE, NO_ANSWER, NO_JSON, as_engine_error, as_job_error


def wrapped(error: OSError) -> RequestsConnectionError:
    """As urllib3 and requests hand it on."""
    outer = RequestsConnectionError(ProtocolError("Connection aborted.", error))
    outer.__cause__ = error
    return outer


CASES = (
    (APIError("500 Server Error", explanation="no space\nleft"), "no space left"),
    (ReadTimeout("UnixHTTPConnectionPool(host='localhost', port=None): Read timed out."), NO_ANSWER),
    (RequestsConnectionError("Read timed out."), NO_ANSWER),
    (ReadTimeoutError(None, "", "x"), NO_ANSWER),  # type: ignore[arg-type] # what it is of says nothing here
    (ChunkedEncodingError(ProtocolError("Connection broken")), BROKEN_OFF),
    (ProtocolError("Connection broken", IncompleteRead(1, 2)), BROKEN_OFF),
    (JSONDecodeError("Expecting value", "", 0), NO_JSON),
    (ConnectionResetError(104, "Connection reset by peer"), "[Errno 104] Connection reset by peer"),
    (wrapped(RemoteDisconnected("Remote end closed connection without response")), BROKEN_OFF),
    (wrapped(ConnectionRefusedError(111, "Connection refused")), f"{GONE} (Connection refused)"),
    (wrapped(FileNotFoundError(2, "No such file or directory")), f"{GONE} (No such file or directory)"),
    (JobError("the engine's log broke off"), "the engine's log broke off"),
)


@pytest.mark.parametrize(("error", "said"), CASES)
def test_what_happened_is_said_in_one_line(error: Exception, said: str) -> None:
    """Without the classes and the URLs of the libraries below."""
    with pytest.raises(JobError) as raised, as_job_error("the job could not be run"):
        raise error

    assert f"the job could not be run: {said}" == str(raised.value)


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: json.loads("["), "JSONDecodeError: Expecting value: line 1 column 2 (char 1) in decoder.py, line "),
        (
            lambda: parse_repository_tag(None),  # type: ignore[arg-type] # as of an image that has no name
            "AttributeError: 'NoneType' object has no attribute ",
        ),
        (lambda: decode_json_header("eyJuYW1lIj"), "Error: Incorrect padding in base64.py, line "),
        (lambda: from_facts("example:1", {}), "KeyError: 'Id' in inspection.py, line "),
    ],
    ids=["json", "docker-py", "a header that broke off", "the suite"],
)
def test_an_answer_without_what_it_should_have_is_said_with_its_place(read: Callable[[], object], said: str) -> None:
    """A bug of the suite's may look the same."""
    with pytest.raises(EngineError) as raised, as_engine_error("the image cannot be inspected"):
        read()

    assert f"the engine's answer is not as its API describes it ({said}" in str(raised.value)


@pytest.mark.parametrize("error", [KeyError("Id"), ValueError("v")])
def test_an_error_of_who_listens_is_no_trouble_with_the_engine(error: Exception) -> None:
    """What a caller does with a job's log is its own affair."""
    with pytest.raises(type(error)) as raised, as_job_error("the job could not be run"):
        raise error

    assert error is raised.value


def test_an_error_of_the_suites_own_stays_as_it_is() -> None:
    """It says already what was wrong."""
    with pytest.raises(ConformanceError, match=r"^as it is$"), as_job_error("the job"):
        raise ConformanceError("as it is")


def answer(status: int, method: str = "GET", asked: str = "", **headers: str) -> requests.Response:
    """An answer of which no more than this has come."""
    found = requests.Response()
    found.status_code = status
    found.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    found.request = requests.Request(method, "http://engine/", headers={asked: "tcp"} if asked else {}).prepare()
    return found


@pytest.mark.parametrize(
    "whole",
    [
        answer(200, Content_Length="2"),
        answer(200, transfer_encoding="chunked"),
        answer(200, Connection="close"),
        answer(200, "HEAD"),
        answer(204),
        answer(200, "POST", "Upgrade"),
    ],
)
def test_an_answer_that_tells_its_end_is_taken(whole: requests.Response) -> None:
    """Or that has none."""
    _need_whole_head(whole)


def test_half_of_a_head_is_no_answer() -> None:
    """Python's own client would read to the end of the connection, and find nothing missing."""
    with pytest.raises(ChunkedEncodingError):
        _need_whole_head(answer(200, Api_Version="1.41"))
