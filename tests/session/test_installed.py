"""The wheel: complete, and the same to its users as the checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT, Ran, clean_environment, reference_job

pytestmark = pytest.mark.engine


@pytest.fixture(name="wheel", scope="module")
def _wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy of the sources, so that nothing is written into the checkout."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    ignored = shutil.ignore_patterns(".git", ".venv", ".cache", "__pycache__", "conformance-report")
    shutil.copytree(ROOT, source, ignore=ignored)
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", place],
        cwd=source,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (built,) = place.glob("*.whl")
    return built


def test_wheel_holds_the_package_and_the_entry_point_alone(wheel: Path) -> None:
    """Every module and data file of the package is in it, and nothing of the tests, images or fixtures."""
    home = ROOT / "conformance"
    wanted = {
        path.relative_to(ROOT).as_posix()
        for path in home.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}

    assert wanted | {"pytest_sagemaker_processing.py"} == held
    assert "conformance/reports/report.schema.json" in held


def test_wheel_in_a_foreign_project_judges_as_the_checkout_does(
    wheel: Path, tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """In a project with tests and settings of its own, ids, names and verdicts are those of the checkout."""
    site = tmp_path / "site-packages"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\ntestpaths = ["tests"]\n', encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_own.py").write_text("def test_own():\n    assert False\n", encoding="utf-8")
    image = tag("flawed/link-among-outputs")

    checkout = conformance(image, *reference_job(), "-v")
    expected = names(checkout)
    installed = conformance(image, *reference_job(), "-v", environment={"PYTHONPATH": str(site)})

    assert f"from {site / 'conformance'}" in installed.output
    assert expected == names(installed), checkout.output + installed.output
    assert checkout.status == installed.status == 1


def test_readme_says_how_it_is_installed(tmp_path: Path, tag: Callable[[str], str], wheel: Path) -> None:
    """Each line is tried in a bare virtual environment; what is installed by the last one checks an image."""
    _, _, rest = (ROOT / "README.md").read_text(encoding="utf-8").partition("<!-- install -->\n\n")
    lines = [line.strip() for line in rest.partition("\n\n")[0].splitlines()]
    venv.create(tmp_path / "bare", with_pip=True)
    path = f"{tmp_path / 'bare/bin'}:{os.environ['PATH']}"
    # Packages come from where pip keeps them for this user.
    home = {"XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))}
    environment = clean_environment() | home | {"PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_QUIET": "1"}
    source = wheel.parent / "source"
    for line in lines:
        subprocess.run(["sh", "-c", line], cwd=source, env=environment, check=True, timeout=300)
        subprocess.run(["pytest", "--version", "-n", "1"], cwd=tmp_path, env=environment, check=True, timeout=60)
    command = ["pytest", f"--image={tag('reference')}", "-k", "image", "-n", "2"]
    ran = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=300
    )

    assert 3 == len(lines)
    assert f"no violation by {tag('reference')}" in ran.stdout, ran.stdout + ran.stderr
    assert f"from {tmp_path}" not in ran.stdout


def names(ran: Ran) -> list[str]:
    """The ids that pytest printed, each with its verdict."""
    lines = [line.split() for line in ran.output.splitlines() if line.startswith("processing/")]
    return sorted(f"{line[0]} {' '.join(line[1:-2])}" for line in lines)
