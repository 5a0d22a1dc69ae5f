"""Trouble with the engine in the suite's own words."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from docker.errors import DockerException
from urllib3.exceptions import HTTPError

from conformance.errors import JobError, LimitError
from conformance.service.engine import explanation


@contextlib.contextmanager
def as_job_error(what: str) -> Iterator[None]:
    """Put trouble with the engine into one line, which no verdict lays to the image."""
    try:
        yield
    except (DockerException, HTTPError, OSError) as error:
        # What breaks off within a stream comes as urllib3's or the socket's own error, and requests' are OSErrors too.
        raise JobError(f"{what}: {explanation(error)}") from error
    except LimitError:
        # It is no trouble: what it says is the reason why nothing is judged.
        raise
    except JobError as error:
        raise JobError(f"{what}: {error.message}", hint=error.hint) from error
