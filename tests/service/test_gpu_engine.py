"""The suite with an engine that gives GPUs, as far as an engine can be had whose GPUs are made up; see `gpu_engine`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from conformance.job.gpu import Choice
from conformance.job.objects import ObjectTree
from conformance.outcome.gpu import Means
from conformance.service import engine, gpus, inspection
from conformance.service.gpus import NOTHING_GIVEN
from conformance.service.labels import run_labels
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from tests.conftest import Ran, reference_job
from tests.service.test_gpu_containers import NODES, WITNESS
from tests.support.gpu_engine import GpuEngine, gpu_engine, missing
from tests.support.jobs import job, request, run_code, seen

pytestmark = [pytest.mark.engine, pytest.mark.skipif(bool(missing()), reason=missing() or "it can be started here")]

REFERENCE = "conformance/reference:latest"
SHADOWED = "conformance/flawed-driver-copied-to-the-library-path:latest"

GPU = {"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.g5.xlarge", "VolumeSizeInGB": 30}}


@pytest.fixture(name="giving", scope="module")
def _giving(tag: Callable[[str], str], client: docker.APIClient) -> Iterator[GpuEngine]:
    """An engine that has two images of the project."""
    tags = [tag("reference"), tag("flawed/driver-copied-to-the-library-path")]
    with gpu_engine() as giving:
        other = docker.APIClient(base_url=giving.address, version="auto", timeout=60)
        for name in tags:
            other.load_image(client.get_image(name))
        yield giving
        assert [] == other.containers(all=True)
        other.close()


@pytest.fixture(name="reached")
def _reached(giving: GpuEngine, monkeypatch: pytest.MonkeyPatch) -> Iterator[engine.Engine]:
    """The same, as the suite reaches it."""
    monkeypatch.setenv("DOCKER_HOST", giving.address)
    reached = engine.connect()
    yield reached
    reached.client.close()


@pytest.mark.parametrize(
    ("gives", "means", "lack"),
    [
        ("hook", Means.REQUEST, ""),
        ("runtime", Means.RUNTIME, ""),
        ("nothing", Means.NONE, f"no GPU on this engine: {NOTHING_GIVEN}"),
    ],
)
def test_it_is_found_out_how_an_engine_gives_gpus(
    gives: str, means: Means, lack: str, giving: GpuEngine, reached: engine.Engine
) -> None:
    """By a hook, which `docker info` does not tell of, by a runtime, or not at all, although it takes the request."""
    giving.gives(gives)

    labels = run_labels(uuid.uuid4().hex[:12], kept=False)
    found = gpus.find(reached, inspection.find(reached, REFERENCE), labels)

    assert (means, lack) == (found.means, found.lack)
    assert [] == reached.client.containers(all=True)


@pytest.mark.parametrize("gives", ["hook", "runtime"])
def test_a_job_gets_gpus_where_it_asks_for_them_and_nowhere_else(
    gives: str, giving: GpuEngine, reached: engine.Engine, tmp_path: Path
) -> None:
    """The program finds nodes and driver; without, it finds neither."""
    giving.gives(gives)
    image = inspection.find(reached, REFERENCE)
    service = LocalService(reached, ObjectTree(tmp_path), Settings(), gpu=Choice.AUTO)

    with_gpu = seen(run_code(service, image, tmp_path, WITNESS, job(ProcessingResources=GPU)))
    without = seen(run_code(service, image, tmp_path, WITNESS, job()))
    service.close()

    assert (NODES, 0) == (with_gpu["nodes"], with_gpu["cuInit"])
    assert ([], None, "void") == (without["nodes"], without["smi"], without["environment"]["NVIDIA_VISIBLE_DEVICES"])


@pytest.mark.parametrize("gives", ["hook", "runtime"])
def test_a_session_with_a_gpu_is_wholly_judged(
    gives: str, giving: GpuEngine, conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """With the profile of it; what is mounted is told, and `--image-gpu=require` has nothing to object."""
    giving.gives(gives)
    asked = request(tmp_path / "job.json", ProcessingResources=GPU)

    ran = conformance(
        REFERENCE, *reference_job(job=asked), "--image-gpu=require", environment={"DOCKER_HOST": giving.address}
    )

    assert (0, "conforms") == (ran.status, ran.verdict("gpu.visible")["verdict"]), ran.output
    assert " - profile gpu, contract 2026.11" in ran.output
    given = {"hook": "a device request", "runtime": "the runtime nvidia"}[gives]
    assert {"asked": "require", "given": [given]} == ran.report["gpu"]
    (look,) = [run["hosts"][0]["look"] for run in ran.report["runs"] if run["variation"] == "a look at the GPU"]
    assert ["/usr/lib/x86_64-linux-gnu/libcuda.so.1"] == look["mounted"]


def test_a_driver_that_shadows_the_one_that_is_mounted_violates(
    giving: GpuEngine, conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """As it does where the GPU is simulated."""
    giving.gives("hook")
    asked = request(tmp_path / "job.json", ProcessingResources=GPU)

    ran = conformance(
        SHADOWED, *reference_job(job=asked), "-k", "gpu.visible", environment={"DOCKER_HOST": giving.address}
    )

    (violation,) = ran.verdict("gpu.visible")["violations"]
    assert "/opt/driver/libcuda.so.1: file too short" in violation


def test_a_request_that_hides_its_gpu_is_told_so(
    giving: GpuEngine, conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """The runtime goes by the request's own variable."""
    giving.gives("runtime")
    asked = request(tmp_path / "job.json", ProcessingResources=GPU, Environment={"NVIDIA_VISIBLE_DEVICES": "void"})

    ran = conformance(
        REFERENCE, *reference_job(job=asked), "-k", "gpu.visible", environment={"DOCKER_HOST": giving.address}
    )

    assert (
        "no GPU in the container: the request sets NVIDIA_VISIBLE_DEVICES to 'void'"
        == ran.verdict("gpu.visible")["reason"]
    )


def test_the_other_engine_left_nothing_behind() -> None:
    """Neither a process nor a mount; it is ended before this one begins, or has not been started here."""
    with gpu_engine() as other:
        folder = other.folder
    mounts = Path("/proc/mounts").read_text(encoding="utf-8")

    assert not folder.exists()
    assert str(folder) not in mounts
    assert not [
        process
        for process in Path("/proc").iterdir()
        if process.name.isdigit() and str(folder) in _command_line(process)
    ]


def _command_line(process: Path) -> str:
    try:
        return (process / "cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
