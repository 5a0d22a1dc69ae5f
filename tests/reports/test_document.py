"""The reports: valid by their schemas, agreeing with each other, and readable aloud."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import xmlschema
from junitparser import JUnitXml

import conformance as package
from tests.conftest import ROOT, WORKERS, Ran, clean_environment, declared_failure, reference_job
from tests.support.engine_proxy import failing_engine
from tests.support.jobs import request

pytestmark = pytest.mark.engine

SCHEMA = json.loads((Path(package.__path__[0]) / "reports/report.schema.json").read_text(encoding="utf-8"))
GOLDEN = ROOT / "tests/golden"


def validated(ran: Ran) -> dict[str, Any]:
    """The report of a session, after both files were found valid by their schemas."""
    jsonschema.validate(ran.report, SCHEMA, jsonschema.Draft202012Validator)
    xmlschema.XMLSchema(str(ROOT / "fixtures/junit/strict.xsd")).validate(str(ran.report_directory / "junit.xml"))
    return ran.report


@pytest.mark.parametrize("name", ["reference", "flawed/swallowed-exit-code", "flawed/model-below-opt-ml"])
def test_reports_are_valid_and_agree(name: str, tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """report.json and junit.xml are valid by their schemas, and tell of the same checks the same."""
    ran = conformance(tag(name), *reference_job())

    report = validated(ran)
    expected = {
        (f"processing.{chapter}", rest): {"conforms": "passed", "violates": "Failure"}.get(
            verdict["verdict"], "Skipped"
        )
        for verdict in report["verdicts"]
        for chapter, _, rest in [verdict["check"].partition(".")]
    }
    (suite,) = JUnitXml.fromfile(str(ran.report_directory / "junit.xml"))
    told = {(case.classname, case.name): type(case.result[0]).__name__ if case.result else "passed" for case in suite}
    assert expected == told
    properties = {entry.name: entry.value for entry in suite.properties()}  # type: ignore[no-untyped-call] # junitparser
    assert report["image"]["digest"] == properties["image.digest"]
    assert "processing" == properties["profile"]


def test_junit_tells_what_was_advised_and_where_the_check_stands(
    tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """Advice is `<skipped>` with the whole text, and names the file that declares the check."""
    ran = conformance(tag("flawed/model-below-opt-ml"))

    (suite,) = JUnitXml.fromfile(str(ran.report_directory / "junit.xml"))
    (skipped,) = next(case.result for case in suite if case.name == "image-is-empty")
    assert "advised" == skipped.type
    assert "advised: Expected no files below /opt/ml, but the image ships /opt/ml/model/README.md." == skipped.message
    assert skipped.text.startswith("reserved.image-is-empty (SHOULD): The image ships no files below /opt/ml\n")
    assert "fix:" in skipped.text
    (skipped,) = next(case.result for case in suite if case.name == "arguments-need-an-entrypoint")
    assert ("not applicable", "not applicable: the image has an ENTRYPOINT") == (skipped.type, skipped.message)
    assert ran.report["image"]["reference"] == suite.name


def test_another_junit_file_is_written_where_it_is_asked_for(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """--junitxml keeps its meaning, and the report's directory has a copy."""
    ran = conformance(tag("reference"), "--junitxml=own.xml", "-o", "junit_family=xunit1")

    validated(ran)
    assert (tmp_path / "own.xml").read_bytes() == (ran.report_directory / "junit.xml").read_bytes()
    files = (*(ran.report_directory / name for name in ("report.json", "report.html", "junit.xml")), "own.xml")
    assert f"reports: {', '.join(map(str, files))}\n" in ran.output


def test_trouble_of_the_engine_is_an_error_and_no_failure(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """An engine that fails to run a job is told as an error, the image is not blamed, and the status is 6."""
    trouble = {
        "call": r"^POST .*/containers/\w+/start",
        "status": "500 Internal Server Error",
        "message": "no space left",
    }
    image = tag("reference")
    with failing_engine(tmp_path / "engine.sock", **trouble) as address:
        ran = conformance(image, *reference_job(), environment={"DOCKER_HOST": address})

    report = validated(ran)
    assert 6 == ran.status, ran.output
    assert 0 == report["counts"]["violates"]
    assert (
        "job 'reference' (as requested) could not be run: no space left"
        == ran.verdict("exit.zero-on-success")["reason"]
    )
    (suite,) = JUnitXml.fromfile(str(ran.report_directory / "junit.xml"))
    assert (0, report["counts"]["error"]) == (suite.failures, suite.errors)
    assert report["counts"]["error"] == sum(
        verdict["check"] not in {check["check"] for check in report["verdicts"] if check["verdict"] != "error"}
        for verdict in report["verdicts"]
    )


def test_image_that_cannot_be_exported_is_an_error(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Without the listing of the image's files no check is judged, and all of them say why."""
    trouble = {"call": r"^GET .*/export", "status": "500 Internal Server Error", "message": "broken layer"}
    image = tag("reference")
    with failing_engine(tmp_path / "engine.sock", **trouble) as address:
        ran = conformance(image, "--image-no-cache", environment={"DOCKER_HOST": address})

    assert 6 == ran.status
    assert ran.verdict("image.platform")["reason"].endswith(f"cannot read the files of {image!r}: broken layer")


def test_image_that_cannot_be_exported_is_a_usage_error_under_xdist(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """The controller reads the image for all workers, and without it there is nothing to hand out."""
    trouble = {"call": r"^GET .*/export", "status": "500 Internal Server Error", "message": "broken layer"}
    image = tag("reference")
    with failing_engine(tmp_path / "engine.sock", **trouble) as address:
        ran = conformance(image, "--image-no-cache", *WORKERS, environment={"DOCKER_HOST": address})

    assert 4 == ran.status
    assert ran.output.endswith(f"ERROR: cannot read the files of {image!r}: broken layer\n\n")


def test_what_cannot_be_removed_is_a_warning(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Every check conforms, but the session is incomplete: it did not leave the engine as it was."""
    trouble = {"call": r"^GET .*/networks\?", "status": "500 Internal Server Error", "message": "no answer"}
    with failing_engine(tmp_path / "engine.sock", **trouble) as address:
        ran = conformance(tag("reference"), environment={"DOCKER_HOST": address})

    report = validated(ran)
    assert (6, 6) == (ran.status, report["exit_status"])
    assert "warning: what this run made cannot be removed: no answer\n" in ran.output
    assert "what this run made cannot be removed: no answer" == report["warnings"][-1]
    assert "incomplete: the session did not end well, see the warnings" in ran.output
    assert "Traceback" not in ran.output


def test_failing_check_reads_as_its_golden_file(tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """What a user sees of a violation and of a check that was not judged is kept word for word."""
    # Whether the job can be stopped while running depends on how long it takes, which no golden file knows.
    ran = conformance(tag("flawed/swallowed-exit-code"), *reference_job(), "-k", "not stop")

    assert (GOLDEN / "violation.txt").read_text(encoding="utf-8") == normalised(ran)


def test_advice_reads_as_its_golden_file(tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """What a user sees of an advice is kept word for word."""
    ran = conformance(tag("flawed/model-below-opt-ml"))

    assert (GOLDEN / "advice.txt").read_text(encoding="utf-8") == normalised(ran)


def normalised(ran: Ran) -> str:
    """The output without what differs from machine to machine."""
    text = ran.output.replace(str(ran.report_directory.parent), "/here").replace(str(ROOT), "/checkout")
    text = re.sub(
        r"^(platform|plugins:|rootdir:|configfile:|conformance: (\d|engine)|-+ generated xml).*\n",
        "",
        text,
        flags=re.MULTILINE,
    )
    text = re.sub(r"=+ (.*) in [\d.]+s =+", r"== \1 ==", text)
    text = re.sub(r"--memory \d+", "--memory <bytes>", text)
    return re.sub(r"sha256:[0-9a-f]{64}", "sha256:<id>", text)


@pytest.mark.parametrize("name", ["flawed/swallowed-exit-code", "flawed/link-among-outputs"])
def test_reproduce_line_shows_what_was_judged(
    name: str, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """The command that a violation prints, typed into a shell, runs the same job to the same end."""
    ran = conformance(tag(name), *reference_job())
    (failing,) = [verdict for verdict in ran.report["verdicts"] if verdict["verdict"] == "violates"]

    shown = subprocess.run(
        ["/bin/sh", "-c", failing["reproduce"]],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert shown.stdout.endswith("exit code 0\n"), shown.stderr
    links = [line for line in shown.stdout.splitlines() if line.startswith("l") and "ml/processing/output/" in line]
    assert (name == "flawed/link-among-outputs") == bool(links)


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("flawed/parser-error-swallowed", 0, "part-1.csv cannot be read at byte 0"),
        ("flawed/strict-about-documents", 1, "unexpected keyword argument 'current_instance_type'"),
        ("flawed/directory-below-opt-ml-needed", 1, "No such file or directory: '/opt/ml/scratch/"),
        ("flawed/environment-set-by-a-wrapper", 1, "No module named processing"),
        ("flawed/output-directory-replaced", 1, "Device or resource busy: '/opt/ml/processing/output/summary'"),
        ("flawed/input-in-the-log", 2, "confidential-c3f1a9d27e"),
    ],
)
def test_reproduce_line_shows_what_a_variation_showed(
    name: str, code: int, words: str, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """Typed into a shell it ends as the run did, and says what the sentence quotes."""
    (check,) = declared_failure(name)
    ran = conformance(tag(name), *reference_job(), "-k", check)
    verdict = ran.verdict(check)

    shown = subprocess.run(
        ["/bin/sh", "-c", verdict["reproduce"]],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    (violation,) = verdict["violations"]
    assert words in violation
    assert words in shown.stdout + shown.stderr
    assert shown.stdout.endswith(f"exit code {code}\n")


DESTROYING = (
    "import os, shutil; shutil.rmtree('/opt/ml/processing/input/data'); "
    "job = '/opt/ml/config/processingjobconfig.json'; os.unlink(job); "
    "os.symlink(os.environ['VICTIM'], job); raise SystemExit(3)"
)


def test_reproduce_line_leaves_the_machine_as_it_was(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Whatever the image does: neither the line, typed into a shell, nor the next session writes outside the report."""
    part, victim = tmp_path / "s3/bucket/data/part-1.csv", tmp_path / "victim"
    part.parent.mkdir(parents=True)
    part.write_text("a,b", encoding="utf-8")
    victim.write_text("mine", encoding="utf-8")
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", DESTROYING]}
    source = {"S3Uri": "s3://bucket/data", "LocalPath": "/opt/ml/processing/input/data", "S3DataType": "S3Prefix"}
    job = request(
        tmp_path / "job.json",
        AppSpecification=application,
        ProcessingInputs=[{"InputName": "data", "S3Input": source}],
        Environment={"VICTIM": str(victim)},
    )
    options = (f"--image-job={job}", f"--image-s3={tmp_path / 's3'}", "-k", "exit.zero-on-success")
    line = conformance(tag("reference"), *options).verdict("exit.zero-on-success")["reproduce"]

    shown = subprocess.run(
        ["/bin/sh", "-c", line], env=clean_environment(), capture_output=True, text=True, check=False, timeout=60
    )
    conformance(tag("reference"), *options)

    assert shown.stdout.endswith("exit code 3\n"), shown.stderr
    assert ("a,b", "mine") == (part.read_text(encoding="utf-8"), victim.read_text(encoding="utf-8"))
