"""The plugin in other people's projects: installed and unused it is not noticed, and with `--image` it finds itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, clean_environment

OWN = "def answer():\n    return 42\n"
"""What the project's own `conformance` holds."""

TEST = "import conformance\n\n\ndef test_own():\n    assert conformance.answer() == 42\n"

LAYOUTS: dict[str, dict[str, str]] = {
    "a package": {"conformance/__init__.py": OWN},
    "a package with tests in it": {"conformance/__init__.py": OWN, "conformance/tests/test_more.py": TEST},
    "a module": {"conformance.py": OWN},
    "a root conftest that imports it": {"conformance.py": OWN, "conftest.py": "import conformance\n"},
    "the setting pythonpath": {"conformance/__init__.py": OWN, "pytest.ini": "[pytest]\npythonpath = .\n"},
    "the setting addopts": {"conformance.py": OWN, "pytest.ini": "[pytest]\naddopts = -p conformance\n"},
    "import mode importlib": {
        "conformance.py": OWN,
        "pytest.ini": "[pytest]\naddopts = --import-mode=importlib\npythonpath = .\n",
    },
}
"""Files of a project that has something called `conformance`, by what is special about it."""


def project(place: Path, files: dict[str, str]) -> None:
    """Write a project with these files, and one test that needs its own `conformance`."""
    for name, text in {"tests/test_own.py": TEST, **files}.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def run(place: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run pytest there with the plugin, which is loaded as an installation's is; the project comes first in `sys.path`.

    No engine answers.
    """
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=place,
        env=clean_environment() | {"DOCKER_HOST": "unix:///nowhere.sock"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_project_keeps_its_own_conformance(layout: str, tmp_path: Path) -> None:
    """The plugin is merely installed: neither of the two is in the other's way."""
    project(tmp_path, LAYOUTS[layout])

    ran = run(tmp_path, "-W", "error")

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    assert " passed" in ran.stdout


@pytest.mark.parametrize("layout", ["a package", "a module", "the setting pythonpath", "import mode importlib"])
def test_with_an_image_the_plugin_finds_its_own_package(layout: str, tmp_path: Path) -> None:
    """By its place: the project's, which comes first on the path, is not taken for it."""
    project(tmp_path, LAYOUTS[layout])

    ran = run(tmp_path, "--image=image")

    assert (4, "") == (ran.returncode, ran.stdout)
    assert ran.stderr.startswith("ERROR: cannot connect to the Docker Engine at unix:///nowhere.sock")


@pytest.mark.parametrize("layout", ["a root conftest that imports it", "the setting addopts"])
def test_what_hides_the_package_is_named(layout: str, tmp_path: Path) -> None:
    """Where the project's own is imported already, `--image` is refused in one line."""
    project(tmp_path, LAYOUTS[layout])

    ran = run(tmp_path, "--image=image")

    assert 4 == ran.returncode
    assert (
        "ERROR: --image: expected to import the plugin's own package conformance, but "
        f"{tmp_path / 'conformance.py'} is already imported under that name (start pytest in another directory, or "
        "with --noconftest)"
    ) == ran.stderr.strip()


def test_tests_that_need_another_conformance_are_refused_beside_the_checks(tmp_path: Path) -> None:
    """They would get the plugin's own."""
    project(tmp_path, LAYOUTS["a package"])

    ran = run(tmp_path, "--image=image", "tests")

    assert 4 == ran.returncode
    assert (
        "ERROR: --image: expected tests beside the checks that import no other conformance than the plugin's, but "
        f"there is {tmp_path / 'conformance/__init__.py'} (run these tests in a session without --image)"
    ) == ran.stderr.strip()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--image="], "--image: expected an image reference or id, got ''"),
        (["--image=a", "--image="], "--image: expected an image reference or id, got ''"),
        (
            ["--image=a", "--image=b", "--tx=socket=host"],
            (
                "--tx: expected popen//env:NAME=VALUE or ssh=USER@HOST, got 'socket=host' (sessions run here, and "
                "their containers on the engine of that machine)"
            ),
        ),
        (["--image-job=job.json"], "--image-job: expected an image as well, but there is none (pass --image=URI)"),
        (["--image-s3=."], "--image-s3: expected an image as well, but there is none (pass --image=URI)"),
        (["--image-strict"], "--image-strict: expected an image as well, but there is none (pass --image=URI)"),
        (
            ["--image=a", "--image-profile=all"],
            (
                "--image-profile: expected one of 'image', 'processing', 'script', 'distributed, script', "
                "'distributed', 'gpu', 'distributed, gpu', or a file NAME.toml, got 'all'"
            ),
        ),
        (
            ["--image=a", "processing/exit::no-such-check"],
            "expected the node id of a check, got 'processing/exit::no-such-check' (--collect-only lists all checks)",
        ),
        (
            ["--image=a", "-p", "no:junitxml"],
            "-p no:junitxml: expected pytest's JUnit plugin, which writes junit.xml, but it is disabled",
        ),
    ],
)
def test_options_that_cannot_be_meant_are_usage_errors(
    arguments: list[str], expected: str, pytester: pytest.Pytester
) -> None:
    """In one line, and with status 4; nothing is run, and no report is written."""
    ran = pytester.runpytest_inprocess(*arguments)

    assert (4, [f"ERROR: {expected}"]) == (ran.ret, [line for line in ran.errlines if line])
    assert [] == list(pytester.path.glob("conformance-report/*"))


def test_a_session_that_ends_early_leaves_no_earlier_report(pytester: pytest.Pytester) -> None:
    """Whoever reads the directory afterwards must not take another image's report for this one's."""
    report = pytester.mkdir("conformance-report")
    stale = ["report.json", "junit.xml", "logs/job.as-requested/algo-1.stdout"]
    for name in [*stale, "notes.txt"]:
        (report / name).parent.mkdir(parents=True, exist_ok=True)
        (report / name).write_text("{}", encoding="utf-8")

    ran = pytester.runpytest_inprocess("--image=a", "--image-job=none.json")

    assert 4 == ran.ret
    ran.stderr.fnmatch_lines("ERROR: *none.json: cannot be read: *")
    assert {report / "notes.txt"} == {path for path in report.rglob("*") if path.is_file()}


@pytest.mark.parametrize("image", ["", " "])
def test_make_takes_an_empty_image_for_a_mistake(image: str) -> None:
    """Such as a variable that a CI did not set: the example is not judged in its place."""
    ran = subprocess.run(
        ["make", "--no-print-directory", "-n", "conformance"],
        cwd=ROOT,
        # This may run below another make, which hands on its flags.
        env={name: value for name, value in clean_environment().items() if "MAKE" not in name} | {"IMAGE": image},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (2, "") == (ran.returncode, ran.stdout)
    assert "IMAGE is set but empty; expected an image, as in `make conformance IMAGE=my:latest`" in ran.stderr
