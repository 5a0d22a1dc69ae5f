"""How busy the GPUs of the machine are: asked of NVIDIA's management library, for which a library of the test's stands.

`nvidia-ml-py` is the real one, and loads it as it loads NVIDIA's.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.service.utilization import Measurement
from tests.support.drivers import built

LIBRARY = r"""
#include <stdlib.h>
static int gpus[2];
struct rates { unsigned gpu, memory; };
struct bytes { unsigned long long total, free, used; };
int nvmlInitWithFlags(unsigned flags) { return flags ? 2 : atoi(getenv("INITIALIZED")); }
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(unsigned number, void **gpu) { *gpu = &gpus[number]; return number > 1 ? 2 : 0; }
int nvmlDeviceGetUtilizationRates(void *gpu, struct rates *rates)
{
    static unsigned looks;
    rates->gpu = gpu == &gpus[0] ? (looks++ ? 90 : 30) : 10;
    return atoi(getenv("MEASURED"));
}
int nvmlDeviceGetMemoryInfo(void *gpu, struct bytes *bytes)
{
    bytes->total = 80;
    bytes->used = gpu == &gpus[0] ? 20 : 40;
    return 0;
}
"""

MEASURE = """
import json, sys, time
from conformance.service.utilization import Measurement
with Measurement(wanted=True) as measured:
    time.sleep(float(sys.argv[1]))
found = measured.found
print(json.dumps(found and [found.mean, found.most, found.memory]))
"""


LOOK = """
import json
from conformance.service.utilization import measuring
with measuring(wanted=True) as look:
    print(json.dumps(look and [look(), look()]))
"""


@pytest.fixture(name="library", scope="module")
def _library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the library."""
    return built(LIBRARY, tmp_path_factory.mktemp("library"), "libnvidia-ml.so.1").parent


def measured(library: Path, seconds: float, *, initialized: int = 0, answer: int = 0) -> list[float] | None:
    """What is measured in so many seconds, where the library returns these codes."""
    found: list[float] | None = run(library, MEASURE, str(seconds), initialized=initialized, answer=answer)
    return found


def run(library: Path, program: str, *arguments: str, initialized: int = 0, answer: int = 0) -> Any:  # noqa: ANN401 - any JSON
    """What a program prints where the library returns these codes."""
    codes = {"INITIALIZED": str(initialized), "MEASURED": str(answer)}
    environment = os.environ | {"LD_LIBRARY_PATH": str(library)} | codes
    command = [sys.executable, "-c", program, *arguments]
    return json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)


def test_all_gpus_are_added_up(library: Path) -> None:
    """Two GPUs are 200 percent, as in AWS's metrics; the mean is that of the looks, and the first one found 40."""
    found = measured(library, 1.5)

    assert found is not None
    mean, most, memory = found
    assert (100, 75) == (most, memory)
    assert 40 < mean < 100


def test_a_driver_that_is_not_there_is_no_utilization(library: Path, tmp_path: Path) -> None:
    """Neither without the library, nor where it says that there is no driver (NVML_ERROR_DRIVER_NOT_LOADED)."""
    assert measured(tmp_path, 0) is None
    assert measured(library, 0.5, initialized=9) is None


def test_what_cannot_be_measured_is_not_told(library: Path) -> None:
    """A GPU that is shared out in parts says no utilization (NVML_ERROR_NOT_SUPPORTED)."""
    assert measured(library, 0.7, answer=3) is None


def test_gpus_can_be_looked_at_by_themselves(library: Path, tmp_path: Path) -> None:
    """As of a job that is performed: both added up, each time; nothing where they cannot be measured."""
    assert [[40, 75], [100, 75]] == run(library, LOOK)
    assert [None, None] == run(library, LOOK, answer=3)
    assert run(library, LOOK, initialized=9) is None
    assert run(tmp_path, LOOK) is None


def test_nothing_is_measured_unless_it_is_wanted() -> None:
    """A job without a GPU does not pay for it."""
    with Measurement(wanted=False) as measurement:
        pass

    assert measurement.found is None
