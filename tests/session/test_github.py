"""A session on a runner of GitHub Actions, of an image that would like to steer it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.reports import names
from tests.conftest import Ran
from tests.support.jobs import request

pytestmark = pytest.mark.engine

HOSTILE = "print('::error file=x::owned\\n##[error]owned\\n</pre>\\n\\n# owned', flush=True); raise SystemExit(3)"


def test_findings_are_shown_at_lines_of_the_dockerfile(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """As annotations, in SARIF and in code quality, and in the summary; the log of the image begins no command."""
    (tmp_path / "Dockerfile").write_text('FROM a\nCOPY x /\nENTRYPOINT ["/x"]\n', encoding="utf-8")
    summary = tmp_path / "summary.md"
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", HOSTILE]}
    job = request(tmp_path / "job.json", AppSpecification=application, ProcessingInputs=[])

    ran = conformance(
        tag("reference"),
        f"--image-job={job}",
        "--image-dockerfile=./Dockerfile",
        "-k",
        "exit.zero-on-success",
        environment={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)},
    )

    assert 1 == ran.status
    place = "file=Dockerfile,line=3,endLine=3,title=exit.zero-on-success"
    commands = [line for line in ran.output.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    assert [f"::error {place}::"] == [line[: len(place) + 10] for line in commands]
    (run,) = json.loads((ran.report_directory / names.SARIF).read_text(encoding="utf-8"))["runs"]
    (result,) = run["results"]
    assert 3 == result["locations"][0]["physicalLocation"]["region"]["startLine"]
    (found,) = json.loads((ran.report_directory / names.CODE_QUALITY).read_text(encoding="utf-8"))
    assert ("Dockerfile", 3) == (found["location"]["path"], found["location"]["lines"]["begin"])
    shown = summary.read_text(encoding="utf-8")
    assert "does not conform" in shown
    assert "\n# owned" not in shown
    assert "Dockerfile" == ran.report["session"]["options"]["dockerfile"]


def test_a_dockerfile_that_is_none_is_a_usage_error(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Before anything is run."""
    (tmp_path / "Dockerfile").write_text("RUN x\n", encoding="utf-8")

    ran = conformance(tag("reference"), "--image-dockerfile=Dockerfile")

    assert 4 == ran.status
    assert "ERROR: Dockerfile: expected a Dockerfile, but it has no FROM" in ran.output
