"""The suite as an image: it judges as the suite does here, with the reports of whoever runs it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from scripts import suite_image
from tests.conftest import ROOT, Ran, declared_options, job_of, reference_job

pytestmark = pytest.mark.engine

SOCKET = Path("/var/run/docker.sock")

USER = 12345
"""Of nobody on this machine, and not root."""


@pytest.fixture(name="client", scope="module")
def _client() -> Iterator[docker.DockerClient]:
    """A connection to the engine; only where its socket is a file here can a container be given it."""
    if not SOCKET.is_socket() or os.environ.get("DOCKER_HOST"):
        pytest.skip(f"the engine is not at {SOCKET}")
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(name="suite", scope="module")
def _suite(client: docker.DockerClient) -> str:
    """The image, which stays on the engine as all images of the project do."""
    return suite_image.build(client)


@pytest.fixture(name="run")
def _run(client: docker.DockerClient, suite: str, tmp_path: Path) -> Iterator[Callable[..., Ran]]:
    """Run the suite's image as the README says: with the socket, and the project at /work."""
    place = tmp_path / "work"
    place.mkdir()
    os.chown(place, USER, USER)
    containers: list[Container] = []

    def run(*arguments: str, user: int = USER) -> Ran:
        container = client.containers.run(
            suite,
            list(arguments),
            detach=True,
            user=f"{user}:{user}",
            group_add=[str(SOCKET.stat().st_gid)],
            volumes={str(SOCKET): {"bind": str(SOCKET)}, str(place): {"bind": "/work"}},
        )
        containers.append(container)
        status = container.wait(timeout=300)["StatusCode"]
        return Ran(0, status, container.logs().decode(), place / "conformance-report")

    yield run
    for container in containers:
        container.remove(force=True)


def copy(source: Path, target: Path) -> None:
    """Copy a tree of files for any user to read."""
    for path in source.rglob("*"):
        if path.is_file():
            file = target / path.relative_to(source)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(path.read_bytes())


def verdicts(ran: Ran) -> dict[str, str]:
    """The word of each check."""
    return {each["check"]: each["verdict"] for each in ran.report["verdicts"]}


def test_image_judges_as_the_suite_does_here(
    run: Callable[..., Ran], tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """With a job and its data below /work: the same verdicts and status, and reports that belong to the user."""
    name = "flawed/link-among-outputs"
    request, _ = reference_job(job=job_of(name))
    here = conformance(tag(name), *reference_job(job=job_of(name)), *declared_options(name))
    (tmp_path / "work/job.json").write_bytes(Path(request.removeprefix("--image-job=")).read_bytes())
    copy(ROOT / "fixtures/reference/s3", tmp_path / "work/s3")

    there = run(f"--image={tag(name)}", "--image-job=job.json", "--image-s3=s3")

    assert verdicts(here) == verdicts(there), there.output
    assert (1, 1) == (here.status, there.status)
    files = [tmp_path / "work/conformance-report", *(tmp_path / "work/conformance-report").rglob("*")]
    assert {USER} == {file.stat().st_uid for file in files}
    assert {"report.json", "report.html", "junit.xml"} <= {file.name for file in files}


def test_exit_status_of_a_usage_error_is_handed_through(run: Callable[..., Ran]) -> None:
    """And its line names what is missing: a path of this machine that is not below /work."""
    ran = run("--image=x", f"--image-job={ROOT}/fixtures/reference/job.json")

    assert 4 == ran.status
    assert "fixtures/reference/job.json" in ran.output


def test_user_without_the_group_of_the_socket_is_told(client: docker.DockerClient, suite: str) -> None:
    """One line, and status 4."""
    if SOCKET.stat().st_mode & stat.S_IWOTH:
        pytest.skip("anybody may use the socket")
    container = client.containers.run(
        suite, ["--image=x"], detach=True, user=f"{USER}:{USER}", volumes={str(SOCKET): {"bind": str(SOCKET)}}
    )
    try:
        assert 4 == container.wait(timeout=60)["StatusCode"]
        assert "ermission denied" in container.logs().decode()
    finally:
        container.remove(force=True)


def test_image_is_small(client: docker.DockerClient, suite: str) -> None:
    """On a base of Debian packages it weighs less than 250 MB, and has no build tools or tests of the suite in it."""
    image = client.images.get(suite)

    assert image.attrs["Size"] < 250_000_000
    assert "/work" == image.attrs["Config"]["WorkingDir"]
