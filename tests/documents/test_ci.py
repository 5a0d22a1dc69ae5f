"""What CI services get, run step by step: the action, the component, the pipelines of docs/ci.md and the hook."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from pytest_sagemaker_processing import OPTIONS
from tests.conftest import ROOT, clean_environment
from tests.support.documents import blocks

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))

COMPONENT = (ROOT / "templates/conformance.yml").read_text(encoding="utf-8")

SPEC = next(yaml.safe_load_all(COMPONENT))["spec"]["inputs"]

OF_CI = {
    "action": {"arguments", "artifact"},
    "component": {"arguments", "package", "job-name", "stage", "runner-image", "docker-host", "docker-service"},
}
"""The inputs that are no options of the suite."""

FLAWED = "flawed/shell-form-entrypoint"

EXEC_FORM = "-k\nexec-form"
"""A check that needs no run, as arguments on two lines, as YAML may have them."""


def block(language: str, word: str) -> str:
    """The one block of docs/ci.md in this language that has this word."""
    (found,) = (each.text for each in blocks(ROOT / "docs/ci.md") if each.language == language and word in each.text)
    return found


def shell(script: str, place: Path, environment: Mapping[str, str], *, options: str = "-eo") -> tuple[int, str]:
    """Run a step as GitHub's and GitLab's runners do, and return its exit status and what it printed.

    What it installs are this project's own files; their requirements are those of this environment.
    """
    programs = str(Path(sys.executable).parent)
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", options, "pipefail", "-c", script],
        cwd=place,
        env={
            **clean_environment(),
            "PATH": f"{programs}:{os.environ['PATH']}",
            "PIP_NO_DEPS": "1",
            "PIP_NO_BUILD_ISOLATION": "0",  # which pip takes for: build without
            "PYTHONPATH": sysconfig.get_path("purelib"),
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=300,
    )
    return ended.returncode, ended.stdout


def complete(environment: Path) -> None:
    """Put pytest's own program into an environment, as pip does with what is required."""
    program = environment / "bin/pytest"
    program.write_text(f"#!{environment}/bin/python\nimport sys, pytest\nsys.exit(pytest.main())\n")
    program.chmod(0o755)


def project(place: Path) -> Path:
    """A project with a job, its data and a Dockerfile, as the pages have it."""
    (place / "conformance").mkdir()
    (place / "conformance/job.json").write_bytes((ROOT / "fixtures/reference/job.json").read_bytes())
    (place / "conformance/s3").symlink_to(ROOT / "fixtures/reference/s3")
    (place / "Dockerfile").write_bytes((ROOT / "images" / FLAWED / "Dockerfile").read_bytes())
    return place


def follows_schema(schema: str, content: str, place: Path) -> None:
    """The content is valid by the schema that the service publishes for its files."""
    (place / "checked.yml").write_text(content, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(place / "checked.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == ended.returncode, ended.stdout


def test_files_follow_the_schemas_of_their_services(tmp_path: Path) -> None:
    """The action, a workflow that uses it, the component with its inputs, and a pipeline that includes it."""
    follows_schema("vendor.github-actions", (ROOT / "action.yml").read_text(encoding="utf-8"), tmp_path)
    follows_schema("vendor.github-workflows", block("yaml", "runs-on"), tmp_path)
    follows_schema("vendor.gitlab-ci", yaml.safe_dump(of_component(image="team/train:2", package="x")), tmp_path)
    follows_schema("vendor.gitlab-ci", block("yaml", "component:"), tmp_path)


@pytest.mark.parametrize("name", OF_CI)
def test_inputs_are_called_after_options(name: str) -> None:
    """But for those that say how the suite gets there; the pages use no other."""
    inputs = {"action": ACTION["inputs"], "component": SPEC}[name]
    workflow = yaml.safe_load(block("yaml", "runs-on"))["jobs"]["conformance"]["steps"][2]["with"]
    included = yaml.safe_load(block("yaml", "component:"))["include"][0]["inputs"]

    assert set() == {f"--{each}" for each in set(inputs) - OF_CI[name]} - set(OPTIONS)
    assert set() == OF_CI[name] - set(inputs)
    assert set() == set({"action": workflow, "component": included}[name]) - set(inputs)


@pytest.mark.parametrize("name", OF_CI)
def test_every_input_is_used(name: str) -> None:
    """An input that nothing reads would be a promise that is not kept."""
    inputs, text = {
        "action": (ACTION["inputs"], (ROOT / "action.yml").read_text(encoding="utf-8")),
        "component": (SPEC, COMPONENT),
    }[name]

    assert [] == [each for each in inputs if not re.search(rf"\binputs\.{each}\b(?!-)", text)]


def expressions(text: str, values: Mapping[str, str]) -> str:
    """The text with each `${{ ... }}` replaced; one that is not known here is an error."""
    return re.sub(r"\$\{\{ (\S+) \}\}", lambda found: values[found[1]], text)


def act(place: Path, **inputs: str) -> tuple[list[int], str, dict[str, str]]:
    """Run the steps of the action: their exit statuses, what the last one printed, and the outputs of the steps."""
    given = {f"inputs.{name}": str(each.get("default", "")) for name, each in ACTION["inputs"].items()}
    given |= {f"inputs.{name.replace('_', '-')}": value for name, value in inputs.items()}
    given |= {"github.action_path": str(ROOT), "runner.temp": str(place / "temporary")}
    files = {name: str(place / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    statuses, printed = [], ""
    for step in ACTION["runs"]["steps"]:
        if "run" in step:
            variables = {name: expressions(value, given) for name, value in step["env"].items()}
            status, printed = shell(step["run"], place, {**files, **variables, "GITHUB_ACTIONS": "true"})
            statuses.append(status)
            if len(statuses) == 1:
                complete(place / "temporary/processing-conformance")
    lines = Path(files["GITHUB_OUTPUT"]).read_text(encoding="utf-8").splitlines()
    return statuses, printed, dict(line.split("=", 1) for line in lines)


@pytest.mark.engine
def test_steps_of_the_action_install_and_check(tmp_path: Path, tag: Callable[[str], str]) -> None:
    """A violation fails the step with its status, the reports are there, and an input is no code."""
    place = project(tmp_path)

    statuses, printed, outputs = act(
        place,
        image=tag(FLAWED),
        image_dockerfile="Dockerfile",
        image_report="$(touch broken) reports",
        image_strict="true",
        arguments=EXEC_FORM,
    )

    assert [0, 1] == statuses, printed
    assert {"status": "1"} == outputs
    assert "image.entrypoint-exec-form" in (place / "GITHUB_STEP_SUMMARY").read_text(encoding="utf-8")
    assert re.search(r"^::error file=Dockerfile,line=\d+", printed, re.MULTILINE)
    assert f"from {ROOT}" not in printed  # what is installed is what ran
    assert json.loads((place / "$(touch broken) reports/report.json").read_bytes())["verdicts"]
    assert not (place / "broken").exists()


def test_flag_of_the_action_that_is_neither_true_nor_false_is_refused(tmp_path: Path) -> None:
    """A gate that somebody thought strict would be green otherwise; nothing is run."""
    check = next(step for step in ACTION["runs"]["steps"] if step.get("id") == "check")
    variables = dict.fromkeys(check["env"], "") | {"IMAGE": "x", "IMAGE_STRICT": "yes"}

    status, printed = shell(check["run"], tmp_path, variables)

    assert (4, "image-strict: expected true or false, got yes\n") == (status, printed)


def of_component(**inputs: str) -> dict[str, Any]:
    """The component as GitLab makes a job of it: its second document, with the inputs in their places."""
    given = {name: str(each.get("default", "")) for name, each in SPEC.items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    _, _, text = COMPONENT.partition("\n---\n")
    made: dict[str, Any] = yaml.safe_load(re.sub(r"\$\[\[ inputs\.(\S+) \]\]", lambda found: given[found[1]], text))
    return made


@pytest.mark.engine
def test_script_of_the_component_installs_and_checks(tmp_path: Path, tag: Callable[[str], str]) -> None:
    """And leaves the reports that its artifacts name."""
    place = project(tmp_path)
    (job,) = of_component(
        image=tag(FLAWED), package=f"file://{ROOT}", image_dockerfile="Dockerfile", arguments=EXEC_FORM
    ).values()
    engine = {"DOCKER_HOST": os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")}

    environment = {**job["variables"], **engine}

    prepared = shell("\n".join(job["before_script"]), place, environment)
    complete(place / ".processing-conformance")
    status, printed = shell("\n".join(job["script"]), place, environment)

    assert 0 == prepared[0], prepared
    assert 1 == status, printed
    reports = job["artifacts"]["reports"]
    assert "image.entrypoint-exec-form" in (place / reports["junit"]).read_text(encoding="utf-8")
    assert "Dockerfile" == json.loads((place / reports["codequality"]).read_bytes())[0]["location"]["path"]
    assert all((place / path).is_dir() for path in job["artifacts"]["paths"])


@pytest.mark.engine
def test_steps_of_the_jenkinsfile_install_and_check(tmp_path: Path, tag: Callable[[str], str]) -> None:
    """Each `sh` of the pipeline, and the files that it archives."""
    place, text = project(tmp_path), block("groovy", "pipeline")
    steps = re.findall(r"\bsh '(.*)'", text)

    environment = {"SUITE": str(ROOT), "IMAGE": tag("reference")}

    prepared, *further = steps
    installed = shell(prepared, place, environment, options="-xeo")
    complete(place / ".conformance")
    checked = [shell(step, place, environment, options="-xeo") for step in further]

    assert 0 == installed[0], installed
    assert [0] == [status for status, _ in checked], checked
    assert (place / re.findall(r"junit '(.*)'", text)[0]).is_file()
    assert text.count("{") == text.count("}")


@pytest.mark.engine
def test_makefile_hands_the_status_on(tmp_path: Path, tag: Callable[[str], str]) -> None:
    """In words, since make has but one for every failure."""
    place = project(tmp_path)
    (place / "Makefile").write_text(block("make", "conformance"), encoding="utf-8")

    status, printed = shell(f"make conformance IMAGE={tag(FLAWED)}", place, {"PYTEST_ADDOPTS": "-k exec-form"})

    assert 2 == status
    assert "conformance: exit status 1\n" in printed


def test_hook_names_what_is_wrong(tmp_path: Path) -> None:
    """By pre-commit itself, from a repository with the manifest, and with the arguments of the page."""
    suite, place = tmp_path / "suite", tmp_path / "project"
    commit(suite, {".pre-commit-hooks.yaml": (ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")})
    settings = yaml.safe_load(block("yaml", "repos:"))
    settings["repos"][0] |= {"repo": str(suite), "rev": "HEAD"}
    # An environment of its own, with the suite in it, takes half a minute to make; it is this one instead.
    settings["repos"][0]["hooks"][0]["language"] = "system"
    job = json.loads((ROOT / "fixtures/reference/job.json").read_text(encoding="utf-8"))
    files = {".pre-commit-config.yaml": yaml.safe_dump(settings), "conformance/job.json": json.dumps(job)}
    data = "conformance/s3/conformance-fixtures/reference/{}/a"
    files |= {data.format(name): "x" for name in ("measurements", "documents")}
    commit(place, files)
    environment = {"PRE_COMMIT_HOME": str(tmp_path / "home")}

    valid = shell("pre-commit run --all-files", place, environment)
    commit(place, {"conformance/job.json": json.dumps(job | {"RoleArn": "nobody"})})
    status, printed = shell("pre-commit run --all-files", place, environment)

    assert 0 == valid[0], valid
    assert "Passed" in valid[1]
    assert 1 == status
    assert "RoleArn: expected" in printed
    assert 0 == shell(f"pre-commit validate-manifest {ROOT / '.pre-commit-hooks.yaml'}", place, environment)[0]


def commit(repository: Path, files: Mapping[str, str]) -> None:
    """Write files into a repository, which is made if it is not there, and commit them."""
    for name, text in files.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text, encoding="utf-8")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=a"]):
        subprocess.run([*git, *command], cwd=repository, check=True)
