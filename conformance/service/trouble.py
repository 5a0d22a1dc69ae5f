"""Trouble with the engine in the suite's own words."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from pathlib import Path

from docker.errors import DockerException
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, JSONDecodeError, Timeout
from requests.exceptions import ConnectionError as RequestsConnectionError
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError

from conformance.errors import ConformanceError, EngineError, JobError, LimitError

OF_THE_ENGINE = (DockerException, HTTPError, OSError)
"""What breaks off within a stream comes as urllib3's or the socket's own error, and requests' are OSErrors too."""

ODD = (LookupError, TypeError, AttributeError, ValueError)
"""What comes of an answer that is not as the API describes it."""

READERS = frozenset({"base64", "docker", "json", "requests", "urllib3"})
"""The packages and modules that read answers of an engine, besides this one."""

NO_ANSWER = "the engine did not answer in time"
BROKEN_OFF = "the engine's answer broke off"
NO_JSON = "the engine's answer is not JSON"
GONE = "the engine is not there any more"


def as_job_error(what: str) -> contextlib.AbstractContextManager[None]:
    """Put trouble with the engine into one line, which no verdict lays to the image."""
    return _worded(what, JobError)


def as_engine_error(what: str) -> contextlib.AbstractContextManager[None]:
    """The same where there can be no session without an answer."""
    return _worded(what, EngineError)


@contextlib.contextmanager
def _worded(what: str, kind: type[ConformanceError]) -> Iterator[None]:
    try:
        yield
    except OF_THE_ENGINE as error:
        raise kind(f"{what}: {explanation(error)}") from error
    except LimitError:
        # It is no trouble: what it says is the reason why nothing is judged.
        raise
    except JobError as error:
        raise kind(f"{what}: {error.message}", hint=error.hint) from error
    except ODD as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        if not _reads_answers(Path(place.filename)):
            raise
        # A bug of the suite's may look the same, so it says where.
        said = f"{type(error).__name__}: {error} in {Path(place.filename).name}, line {place.lineno}"
        raise kind(f"{what}: the engine's answer is not as its API describes it ({said})") from error


def explanation(error: Exception) -> str:
    """The engine's message, without the URL and status line around it, or what happened to its answer."""
    if said := getattr(error, "explanation", None):
        return str(said).strip().replace("\n", " ")
    if isinstance(error, JSONDecodeError):
        return NO_JSON
    # A read timeout while the body is awaited is a ConnectionError of requests'.
    if isinstance(error, Timeout | ReadTimeoutError) or "timed out" in str(error).lower():
        return NO_ANSWER
    if isinstance(error, ChunkedEncodingError | ContentDecodingError) or type(error) is ProtocolError:
        return BROKEN_OFF
    if isinstance(error, RequestsConnectionError | HTTPError):
        return _of_connection(_innermost(error))
    return str(error).strip().replace("\n", " ") or type(error).__name__


def _of_connection(error: BaseException) -> str:
    """What became of a connection to an engine that has been there before."""
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return BROKEN_OFF
    if isinstance(error, ConnectionRefusedError | FileNotFoundError):
        return f"{GONE} ({error.strerror})"
    return cause(error)


def cause(error: BaseException) -> str:
    """The innermost error's message: docker-py and urllib3 wrap it three levels deep."""
    error = _innermost(error)
    said = getattr(error, "strerror", None) or getattr(error, "explanation", None) or str(error)
    return str(said).strip().replace("\n", " ") or type(error).__name__


def _innermost(error: BaseException) -> BaseException:
    while not getattr(error, "explanation", None) and (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return error


def _reads_answers(file: Path) -> bool:
    """Whether code is there to read what an engine answers, and not that of whoever listens to a job."""
    return file.is_relative_to(Path(__file__).parent) or bool(READERS & {*file.parts, file.stem})
