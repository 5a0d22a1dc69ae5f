"""The example for a GPU: how it calls CUDA's driver, and what it does where there is none.

No GPU is needed: the driver is a library of the test's own, which reads a kernel's parameters as a GPU does.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, Ran, reference_job
from tests.support.drivers import built

PROGRAM = ROOT / "images/examples/gpu"
JOB = ROOT / "fixtures/gpu/job.json"

DRIVER = r"""
#include <stdlib.h>
#include <string.h>
static int context, code, kernel, blocks_left;
int cuInit(unsigned flags) { return flags; }
int cuDeviceGetCount(int *count) { *count = atoi(getenv("GPUS")); return 0; }
int cuDeviceGet(int *device, int number) { *device = 7; return number; }
int cuDeviceGetName(char *name, int size, int device) { strncpy(name, "adder", size); return device == 7 ? 0 : 101; }
int cuCtxCreate_v2(void **made, unsigned flags, int device) { *made = &context; return device == 7 ? flags : 101; }
int cuCtxDestroy_v2(void *given) { return given == &context ? 0 : 201; }
int cuCtxSynchronize(void) { return 0; }
int cuModuleLoadData(void **module, const char *text)
{
    *module = &code;
    return strstr(text, ".entry add(") ? 0 : 218;
}
int cuModuleGetFunction(void **function, void *module, const char *name)
{
    *function = &kernel;
    return module == &code && !strcmp(name, "add") ? 0 : 500;
}
int cuMemAlloc_v2(unsigned long *address, size_t size) { *address = (unsigned long)malloc(size); return 0; }
int cuMemFree_v2(unsigned long address) { free((void *)address); return 0; }
int cuMemcpyHtoD_v2(unsigned long to, const void *from, size_t size) { memcpy((void *)to, from, size); return 0; }
int cuMemcpyDtoH_v2(void *to, unsigned long from, size_t size) { memcpy(to, (void *)from, size); return 0; }
int cuLaunchKernel(void *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz,
                   unsigned shared, void *stream, void **parameters, void **extra)
{
    const double *first = *(double **)parameters[0], *second = *(double **)parameters[1];
    double *sums = *(double **)parameters[2];
    unsigned count = *(unsigned *)parameters[3];
    if (function != &kernel || gy != 1 || gz != 1 || by != 1 || bz != 1 || shared || stream || extra)
        return 1;
    for (unsigned i = 0; i < gx * bx && i < count; i++)
        sums[i] = first[i] + second[i];
    return 0;
}
"""

ADD = """
import json, sys
from array import array
from cuda import CudaError, Gpu
count = int(sys.argv[1])
try:
    gpu = Gpu()
    sums = gpu.add(array("d", range(count)), array("d", [0.5] * count))
    gpu.close()
    print(json.dumps([gpu.name, list(sums)]))
except CudaError as error:
    print(json.dumps(str(error)))
"""


@pytest.fixture(name="driver", scope="module")
def _driver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the driver."""
    return built(DRIVER, tmp_path_factory.mktemp("driver")).parent


def added(count: int, driver: Path, *, gpus: int = 1) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What the example's module makes of so many pairs with this driver."""
    environment = os.environ | {"LD_LIBRARY_PATH": str(driver), "PYTHONPATH": str(PROGRAM), "GPUS": str(gpus)}
    command = [sys.executable, "-B", "-c", ADD, str(count)]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)


@pytest.mark.parametrize("count", [1, 255, 256, 257, 1000])
def test_every_pair_is_added(count: int, driver: Path) -> None:
    """Also those in a last block that is not full."""
    assert ["adder", [number + 0.5 for number in range(count)]] == added(count, driver)


def test_a_driver_without_a_gpu_is_told(driver: Path) -> None:
    """It may be there, and have none."""
    assert "the driver knows of no GPU" == added(1, driver, gpus=0)


def test_a_driver_that_is_none_is_told(tmp_path: Path) -> None:
    """In the loader's own words."""
    (tmp_path / "libcuda.so.1").write_bytes(b"no library")

    assert f"{tmp_path}/libcuda.so.1: file too short" == added(1, tmp_path)


@pytest.mark.engine
def test_the_example_conforms_with_a_simulated_gpu(tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """It says that the GPU runs nothing, adds on the CPU, and only a real GPU could show more."""
    ran = conformance(tag("examples/gpu"), *reference_job(job=JOB), "--image-gpu=simulated")

    assert set() == ran.failing, ran.output
    open_ones = {
        verdict["check"]
        for verdict in ran.report["verdicts"]
        if verdict["verdict"] == "not judged" and verdict["applies"]
    }
    assert {"gpu.visible", "gpu.workload-uses-it"} == open_ones
    (run,) = [run for run in ran.report["runs"] if run["variation"] == "as requested"]
    assert "added 603 pairs of numbers on the CPU" == run["exit_message"]
    assert "warning: no GPU is used: cuModuleLoadData returned 801\n" == run["hosts"][0]["stderr"]["end"]
    assert 6 == ran.status
