"""The suite's own requests, and the scripts that they run."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from conformance.job.model import model_faults
from conformance.job.objects import S3Uri
from conformance.job.request import JobRequest
from conformance.job.standin import OBJECTS, own_request, script_request
from conformance.job.validation import service_faults
from conformance.verdict.profiles import Scope, scope_of

OWN = own_request("image:1")
SCRIPTS = [script_request("image:1", tuple(words.split())) for words in ("python3", "/opt/venv/bin/python3.6 -u", "sh")]


@pytest.mark.parametrize("request_", [OWN, *SCRIPTS], ids=lambda asked: asked.source)
def test_the_suites_own_requests_are_valid(request_: JobRequest) -> None:
    """The API takes them, and what their inputs name is there."""
    document = dict(request_.document)

    assert [] == [*model_faults(document), *service_faults(document)]
    assert all(next(OBJECTS.find(S3Uri.parse(item.s3_uri)), None) for item in request_.inputs)


@pytest.mark.parametrize(
    ("request_", "script"),
    list(zip(SCRIPTS, ["job.py", "job.py", "job.sh"], strict=True)),
    ids=["python3", "venv", "sh"],
)
def test_a_script_is_in_the_language_of_its_command(request_: JobRequest, script: str) -> None:
    """The command's words come first, as ScriptProcessor has them, and the script's path last."""
    assert f"/opt/ml/processing/input/code/{script}" == (request_.entrypoint or ())[-1]
    assert request_.brings_program(request_.inputs[-1])


@pytest.mark.parametrize("words", [(), ("Rscript",)])
def test_a_command_of_another_language_is_refused(words: tuple[str, ...]) -> None:
    """There is no script in it."""
    with pytest.raises(ValueError, match="expected a Python or a shell, got"):
        script_request("image:1", words)


def test_the_script_needs_no_more_than_python_3_6() -> None:
    """It is read as that version would."""
    ((_, file),) = OBJECTS.find(S3Uri("conformance", "code/job.py"))

    assert ast.parse(Path(file).read_text(encoding="utf-8"), feature_version=(3, 6))


def test_the_profile_says_whose_job_was_run() -> None:
    """The suite's own script counts as no job of the user's, on several hosts neither."""
    assert [Scope.SCRIPT, Scope.DISTRIBUTED_SCRIPT] == [scope_of([SCRIPTS[0].on_hosts(count)]) for count in (1, 2)]
