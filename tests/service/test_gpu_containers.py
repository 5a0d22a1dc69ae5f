"""GPUs in real containers of a plain engine: hidden, simulated, and looked for through the image's own loader."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.image.image import Image
from conformance.job.gpu import Choice, to_look
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.gpu import Look, Means
from conformance.probe.bundle import look_at_gpus, report
from conformance.service import engine, inspection
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from images.builder.layers import Config, File, directory, pack, write_archive
from tests.conftest import Ran, reference_job
from tests.reports.test_document import SCHEMA
from tests.support.drivers import built
from tests.support.jobs import job, request, run_code, seen
from tests.support.probing import run

pytestmark = pytest.mark.engine

WITNESS = """
import ctypes, glob, json, os, shutil, subprocess
try:
    result = ctypes.CDLL("libcuda.so.1").cuInit(0)
except OSError as error:
    result = str(error)
smi = shutil.which("nvidia-smi")
print(json.dumps({
    "nodes": sorted(glob.glob("/dev/nvidia*")), "cuInit": result,
    "smi": smi and subprocess.run([smi, "-L"], capture_output=True, text=True).stdout,
    "environment": dict(os.environ),
}))
"""

NODES = ["/dev/nvidia-uvm", "/dev/nvidia0", "/dev/nvidiactl"]


Serve = Callable[[Choice], LocalService]


@pytest.fixture(name="serve")
def _serve(reached: engine.Engine, tmp_path: Path) -> Iterator[Serve]:
    """A service that was told this of GPUs."""
    services: list[LocalService] = []

    def serve(choice: Choice) -> LocalService:
        services.append(LocalService(reached, ObjectTree(tmp_path), Settings(), gpu=choice))
        return services[-1]

    yield serve
    for service in services:
        service.close()


def found(serve: Serve, image: Image, here: Path, choice: Choice, request: JobRequest) -> dict[str, Any]:
    """What a program finds of a GPU in its container."""
    return seen(run_code(serve(choice), image, here, WITNESS, request))


def test_a_job_without_a_gpu_sees_none(serve: Serve, image: Image, tmp_path: Path) -> None:
    """What NVIDIA's runtime goes by says so; another variable of the request's is its own affair."""
    plain = found(serve, image, tmp_path, Choice.AUTO, job())
    own = found(serve, image, tmp_path, Choice.AUTO, job(Environment={"NVIDIA_VISIBLE_DEVICES": "1"}))

    assert ([], None) == (plain["nodes"], plain["smi"])
    assert "cannot open shared object file" in plain["cuInit"]
    assert ["void", "1"] == [each["environment"]["NVIDIA_VISIBLE_DEVICES"] for each in (plain, own)]


def test_a_simulated_gpu_is_found_by_every_job(serve: Serve, image: Image, tmp_path: Path) -> None:
    """Nodes, a driver that answers, and an nvidia-smi that says what it is; none of it counts as written by the job."""
    service = serve(Choice.SIMULATED)
    outcome = run_code(service, image, tmp_path, WITNESS, job())
    what = seen(outcome)

    assert (NODES, 0) == (what["nodes"], what["cuInit"])
    assert "Simulated" in what["smi"]
    assert "NVIDIA_VISIBLE_DEVICES" not in what["environment"]
    assert Means.SIMULATION is outcome.gpus.means
    assert set() == {path for path in outcome.hosts[0].changed if path.endswith(("libcuda.so.1", "nvidia-smi"))}


def test_a_simulated_gpu_brings_what_was_asked_for(serve: Serve, image: Image, tmp_path: Path) -> None:
    """As NVIDIA's toolkit does, by NVIDIA_DRIVER_CAPABILITIES."""
    what = {
        said: found(serve, image, tmp_path, Choice.SIMULATED, job(Environment={"NVIDIA_DRIVER_CAPABILITIES": said}))
        for said in ("utility", "compute,video", "all")
    }

    assert {"utility": (False, True), "compute,video": (True, False), "all": (True, True)} == {
        said: (each["cuInit"] == 0, each["smi"] is not None) for said, each in what.items()
    }


def look_into(service: LocalService, image: Image, request: JobRequest) -> Look:
    """What the probe sees in a container of the request's."""
    (host,) = service.run(image, to_look(request), Variation.LOOK_AT_GPUS).hosts
    assert host.look is not None
    return host.look


def test_a_look_goes_through_the_images_own_loader(serve: Serve, image: Image) -> None:
    """It names the file, calls the driver, and has moved memory to the device and back."""
    look = look_into(serve(Choice.SIMULATED), image, job())

    assert (True, None, "/usr/lib/x86_64-linux-gnu/libcuda.so.1") == (look.works, look.failed, look.library)
    assert ("Simulated GPU", "1", "1") == (look.lines["name"], look.lines["count"], look.lines["same"])
    assert tuple(NODES) == tuple(device.path for device in look.devices)
    assert (0, True) == (look.smi.status, look.has_gpu)


@pytest.fixture(name="bare")
def _bare(reached: engine.Engine) -> Iterator[Image]:
    """An image in which there is nothing but a directory."""
    tag = f"conformance-test/bare-{os.getpid()}"
    archive = io.BytesIO()
    write_archive(archive, f"{tag}:latest", Config("amd64", ("none",)), [pack({"tmp": directory()})])
    reached.client.load_image(archive.getvalue())
    yield inspection.find(reached, tag)
    reached.client.remove_image(tag)


def test_an_image_without_glibc_has_no_loader(serve: Serve, bare: Image) -> None:
    """Then there is nothing that could load NVIDIA's driver, and the rest is there all the same."""
    look = look_into(serve(Choice.SIMULATED), bare, job())

    assert (False, "No such file or directory") == (look.cuda.was_found, look.cuda.error)
    assert (True, 0) == (look.has_gpu, look.smi.status)


def test_an_engine_without_a_gpu_is_asked_once(serve: Serve, image: Image) -> None:
    """Its own words are the reason."""
    service = serve(Choice.REQUIRE)
    gpus = service.gpus(image, job())
    if gpus.means is not Means.NONE:
        pytest.skip("this engine has a GPU")

    assert gpus.lack.startswith("no GPU on this engine: ")
    assert gpus is service.gpus(image, job())


# A driver that needs a C library, as NVIDIA's does: it has threads, its own memory, and what is done at its loading.
DRIVER = r"""
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static __thread int own = 5;
static char *memory;
__attribute__((constructor)) static void begin(void) { memory = calloc(1, 1 << 20); }
static void *work(void *given) { free(malloc(100000)); own++; return given; }
int cuInit(unsigned flags)
{
    pthread_t thread;
    if (flags || !memory || pthread_create(&thread, 0, work, 0) || pthread_join(thread, 0))
        return 999;
    return own == 5 ? 0 : 999;
}
int cuDriverGetVersion(int *version) { *version = 12080; return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDeviceGet(int *device, int number) { *device = number; return 0; }
int cuDeviceGetName(char *name, int size, int device)
{
    snprintf(name, size, "%s %d", getenv("NAME"), device);
    return 0;
}
int cuCtxCreate_v2(void **context, unsigned flags, int device) { *context = memory + flags + device; return 0; }
int cuCtxDestroy_v2(void *context) { return context != memory; }
int cuMemAlloc_v2(unsigned long *address, size_t size) { *address = (unsigned long)malloc(size); return 0; }
int cuMemFree_v2(unsigned long address) { free((void *)address); return 0; }
int cuMemcpyHtoD_v2(unsigned long to, const void *from, size_t size) { memcpy((void *)to, from, size); return 0; }
int cuMemcpyDtoH_v2(void *to, unsigned long from, size_t size) { memcpy(to, (void *)from, size); return 0; }
"""


@pytest.fixture(name="driver", scope="module")
def _driver(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A libcuda.so.1 that stands on the C library of the image."""
    return built(DRIVER, tmp_path_factory.mktemp("driver")).read_bytes()


def look_with(files: dict[str, bytes], **environment: str) -> Look:
    """A look in a container of the image of shells, with these files in /opt/driver, where its loader looks first."""
    given = {"LD_LIBRARY_PATH": "/opt/driver", **environment}
    ended = run(
        plan=report(look_at_gpus(1)),
        environment=[f"{name}={value}" for name, value in given.items()],
        files={f"opt/driver/{name}": File(mode=0o755, data=content) for name, content in files.items()},
    )
    look = Look.parse(ended.record)
    assert look is not None
    return look


def test_a_driver_may_need_a_c_library(driver: bytes) -> None:
    """It finds that of the image, with its threads, its memory and its environment."""
    look = look_with({"libcuda.so.1": driver}, NAME="own")

    assert (True, "own 0", "12080") == (look.works, look.lines["name"], look.lines["version"]), look.cuda.output
    assert "/opt/driver/libcuda.so.1" == look.library


def test_a_driver_that_is_none_is_quoted() -> None:
    """The loader says of which file it is, and why."""
    look = look_with({"libcuda.so.1": b"a copy of nothing"})

    assert (127, "", False) == (look.cuda.status, look.library, look.works)
    assert "/opt/driver/libcuda.so.1: file too short" in look.cuda.output


SLEEPS = b"#!/bin/sh\nexec sleep 60\n"
CLOSES = b"#!/bin/sh\nexec sleep 60 >/dev/null 2>&1\n"
CHATTERS = b"#!/bin/sh\nexec yes no GPU\n"


@pytest.mark.parametrize("program", [SLEEPS, CLOSES, CHATTERS], ids=["sleeps", "closes", "chatters"])
def test_an_nvidia_smi_that_does_not_end_is_ended(program: bytes) -> None:
    """Also where it says nothing, has closed its output, or says more than anybody wants to read."""
    look = look_with({"nvidia-smi": program}, PATH="/opt/driver:/usr/bin:/bin")

    assert (None, "") == (look.smi.status, look.smi.error)
    assert (16 << 10 if program == CHATTERS else 0) == len(look.smi.output)


def test_an_nvidia_smi_that_fails_is_told() -> None:
    """With its status and both of its streams."""
    program = b"#!/bin/sh\necho no devices; echo were found >&2\nexit 6\n"
    look = look_with({"nvidia-smi": program}, PATH="/opt/driver:/usr/bin:/bin")

    assert (6, "no devices\nwere found\n") == (look.smi.status, look.smi.output)


def test_every_report_says_that_a_gpu_was_simulated(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """And the result for a job that has one on AWS is incomplete."""
    cluster = {"InstanceCount": 1, "InstanceType": "ml.g5.xlarge", "VolumeSizeInGB": 30}
    asked = request(tmp_path / "job.json", ProcessingResources={"ClusterConfig": cluster})

    ran = conformance(tag("reference"), *reference_job(job=asked), "--image-gpu=simulated")

    assert (6, "gpu") == (ran.status, ran.report["profile"]["name"]), ran.output
    assert {"asked": "simulated", "given": ["simulated"]} == ran.report["gpu"]
    assert "conformance: the GPU is simulated, which cannot show that CUDA works\n" in ran.output
    assert (
        "incomplete: 1 required check has no result: gpu.visible - profile gpu, contract 2026.11, simulated GPU\n"
    ) in ran.output
    assert '<property name="gpu" value="simulated"' in (ran.report_directory / "junit.xml").read_text(encoding="utf-8")
    jsonschema.validate(ran.report, SCHEMA, jsonschema.Draft202012Validator)
    ((host,),) = [run["hosts"] for run in ran.report["runs"] if run["variation"] == "a look at the GPU"]
    assert NODES == host["look"]["devices"]
    assert not [file for file in host["files"] if file["path"].startswith("/opt/ml/processing/")], "no data is needed"


def test_a_job_that_asks_for_a_gpu_is_run_without_one(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Where the engine has none, only what needs one is not judged, with the engine's reason; unless it is required."""
    cluster = {"InstanceCount": 1, "InstanceType": "ml.g5.xlarge", "VolumeSizeInGB": 30}
    asked = request(tmp_path / "job.json", ProcessingResources={"ClusterConfig": cluster})

    ran = conformance(tag("reference"), *reference_job(job=asked))
    required = conformance(tag("reference"), *reference_job(job=asked), "--image-gpu=require")
    if ran.report["gpu"]["given"]:
        pytest.skip("this engine has a GPU")

    assert (6, "conforms") == (ran.status, ran.verdict("exit.zero-on-success")["verdict"])
    reason = ran.verdict("gpu.visible")["reason"]
    assert reason.startswith("no GPU on this engine: ")
    assert "2 required checks have no result: gpu.visible, gpu.workload-uses-it - profile gpu" in ran.output
    said = f"ERROR: --image-gpu=require: {reason} (--image-gpu=auto continues without one)"
    assert (4, said) == (required.status, required.output.strip())
