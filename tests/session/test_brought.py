"""The job that an image brings in its label, and the options that fit it or do not."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import ConformanceError, ImageError
from conformance.image.image import Image
from conformance.job.gpu import Choice
from conformance.job.objects import ObjectTree
from conformance.job.standin import OBJECTS
from conformance.job.validation import load
from conformance.session.brought import LABEL, Brought, complete
from conformance.session.circumstances import Circumstances
from conformance.session.options import Options
from conformance.verdict.profiles import Scope
from tests.conftest import REFERENCE_JOB, REFERENCE_S3
from tests.support.outcomes import image
from tests.support.profiles import own

JOB = REFERENCE_JOB.read_bytes()
S3 = ObjectTree(REFERENCE_S3)
NEEDED = "expected a job"


def options(**rest: Any) -> Options:  # noqa: ANN401 - the fields of Options
    """Those of a session without a job of the user's."""
    chosen = Options(
        image="example:1",
        requests=(),
        objects=S3,
        report=Path("/nowhere"),
        timeout_seconds=1.0,
        grace_seconds=1.0,
        strict=False,
        keep=False,
        gpu=Choice.AUTO,
    )
    return replace(chosen, **rest)


def brought(label: str = JOB.decode(), **rest: Any) -> Brought:  # noqa: ANN401 - as above
    """What comes of an image with this label."""

    def read_file(path: str) -> bytes:
        if path != "/job.json":
            raise ImageError(f"no file {path}")
        return JOB

    of: Image = image(labels={LABEL: label} if label else {})
    return complete(options(**rest), of, read_file)


@pytest.mark.parametrize(
    ("label", "content", "source"),
    [(JOB.decode(), JOB.strip(), f"label {LABEL} of example:1"), ("/job.json", JOB, "/job.json of example:1")],
)
def test_the_report_says_which_job_was_brought(label: str, content: bytes, source: str) -> None:
    """By its name, where it is from, and the digest of its bytes, as of a file of the user's."""
    found = brought(label)
    (request,) = found.options.requests
    described = Circumstances(options()).with_job(found.options, found.requests).described()

    assert ("reference", True, False) == (request.name, request.is_brought, request.has_file)
    assert [{"name": "reference", "file": source, "sha256": hashlib.sha256(content).hexdigest()}] == described[
        "requests"
    ]
    assert f"job reference from {source}" == found.told
    assert 0 < described["inputs"]["objects"]


def test_the_options_are_those_of_the_job() -> None:
    """It runs on as many hosts, and satisfies the profile that is asked for."""
    found = brought(hosts=2, profile=own(Scope.DISTRIBUTED))

    assert [2] == [request.instance_count for request in found.options.requests]
    assert Choice.SIMULATED is brought(gpu=Choice.SIMULATED).options.gpu


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ({"label": "", "hosts": 2}, f"--image-hosts: {NEEDED}"),
        ({"label": "", "gpu": Choice.SIMULATED}, f"--image-gpu=simulated: {NEEDED}"),
        ({"label": "", "profile": own(Scope.PROCESSING)}, f"--image-profile=processing: {NEEDED}"),
        ({"profile": own(Scope.DISTRIBUTED)}, "--image-profile=distributed: expected a job with several hosts"),
        ({"objects": None, "hosts": 2}, f"--image-hosts: {NEEDED}"),
        ({"objects": OBJECTS}, "no object matches"),
    ],
)
def test_what_does_not_fit_the_job_is_a_usage_error(rest: dict[str, Any], expected: str) -> None:
    """As with a job of the user's."""
    with pytest.raises(ConformanceError, match=expected):
        brought(**rest)


def test_a_job_of_the_users_comes_first() -> None:
    """The header says so."""
    given = (load(REFERENCE_JOB),)
    found = brought(requests=given)

    assert given == found.options.requests
    assert "is not used" in found.told
    assert not brought("", requests=given).told
    assert () == found.requests
