"""The jobs that images are judged by are requests that AWS would take, and their inputs are there."""

import json
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from tests.conftest import reference_job

CHECKOUT = Path(__file__).resolve().parent.parent.parent
JOBS = sorted([*CHECKOUT.glob("fixtures/*/job.json"), *CHECKOUT.glob("images/**/job.json")])

every_job = pytest.mark.parametrize("path", JOBS, ids=lambda path: str(path.parent.relative_to(CHECKOUT)))


def read(path: Path) -> dict[str, Any]:
    """The request in a file."""
    request: dict[str, Any] = json.loads(path.read_text())
    return request


def s3_of(path: Path) -> Path:
    """What the job finds in S3, which is the fixture that its URIs name."""
    _, options = reference_job(job=path)
    return Path(options.partition("=")[2])


@every_job
def test_a_job_is_a_create_processing_job_request(path: Path) -> None:
    """Its members are those of the service model."""
    model = botocore.session.get_session().get_service_model("sagemaker")
    shape = model.operation_model("CreateProcessingJob").input_shape
    assert shape is not None
    report = ParamValidator().validate(read(path), shape)

    assert "" == report.generate_report()


@every_job
def test_every_input_has_objects(path: Path) -> None:
    """No input is empty unless a run makes it so."""
    uris = [entry["S3Input"]["S3Uri"] for entry in read(path).get("ProcessingInputs", ())]
    counts = {uri: len([*(s3_of(path) / uri.removeprefix("s3://")).rglob("*.*")]) for uri in uris}

    assert uris == [uri for uri, count in counts.items() if count]
