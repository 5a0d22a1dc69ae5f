"""Facts: informational, and never checked."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from conformance.files.tree import FileTree
from conformance.image.image import Image
from conformance.job.standin import StandIn
from conformance.job.variation import Variation
from conformance.outcome.feed import Feed
from conformance.outcome.gpu import Utilization
from conformance.outcome.outcome import End, Stop
from conformance.reports.facts import of_image, of_outcome
from tests.support.outcomes import OUTPUT, file, host, image, outcome, program, witness

TOOLS = tuple(program(path) for path in ("/bin/bash", "/usr/bin/tar", "/usr/bin/gzip"))


def test_an_image_with_all_that_the_sdk_starts_has_no_fact() -> None:
    """Nothing is in the way of a ScriptProcessor or a FrameworkProcessor."""
    assert [] == list(of_image(image(*TOOLS)))


def test_what_the_sdk_would_miss_is_told() -> None:
    """Each program by its name."""
    assert ["FrameworkProcessor needs tar and gzip, which this image lacks"] == list(of_image(image(TOOLS[0])))


def test_without_python_no_script_processor_works() -> None:
    """Whose command is `python3`, if its user names no other one."""
    bare = Image(reference="example:1", id="sha256:1", digest="sha256:1", files=FileTree.of(TOOLS))

    assert [
        "ScriptProcessor with command=['python3'] needs python3, which this image lacks",
        "FrameworkProcessor needs python3, which this image lacks",
    ] == list(of_image(bare))


def test_an_image_that_was_not_read_shows_nothing() -> None:
    """That it has no program at all would be told of every one."""
    assert [] == list(of_image(Image(reference="example:1", id="sha256:1", digest="sha256:1")))


def test_files_elsewhere_are_told() -> None:
    """How many, and the first of them."""
    changed = tuple(f"/tmp/{name}" for name in "abcde")  # noqa: S108 - as a container has it

    assert ["algo-1 wrote 5 files outside /opt/ml; lost with the container: /tmp/a, /tmp/b, /tmp/c and 2 more"] == list(
        of_outcome(outcome(host(changed=changed)))
    )


def test_one_file_elsewhere_is_one_file() -> None:
    """A sentence that can be read aloud."""
    assert ["algo-1 wrote 1 file outside /opt/ml; lost with the container: /tmp/a"] == list(
        of_outcome(outcome(host(changed=("/tmp/a",))))  # noqa: S108 - as a container has it
    )


def test_how_busy_the_gpus_were_is_told_of_the_run_as_requested() -> None:
    """By the names that AWS's metrics have; other runs say nothing of the job's own use."""
    busy = replace(outcome(host()), utilization=Utilization(mean=61.5, most=97, memory=1.25))
    told = "GPUs of this machine: GPUUtilization 62 % on average and 97 % at most, GPUMemoryUtilization 1 % at most"

    assert [told] == list(of_outcome(busy))
    assert [] == list(of_outcome(replace(busy, variation=Variation.OVERRIDDEN_BOTH)))


def test_what_was_not_read_of_a_pipe_is_told() -> None:
    """And what was read to its end is not."""
    feeds = (Feed("/opt/ml/processing/a_0", 2048, 2048), Feed("/opt/ml/processing/b_0", 2048, 1000))

    assert ["algo-1 read 1,000 of 2,048 bytes from /opt/ml/processing/b_0"] == list(
        of_outcome(outcome(host(feeds=feeds)))
    )


@pytest.mark.parametrize(
    ("variation", "stop", "expected"),
    [
        (
            Variation.STOPPED_BY_SIGTERM,
            Stop("SIGTERM", 0.25, killed=False),
            (
                "algo-1 got SIGTERM while running and exited with code 143 after 0.2 s, with 1 file in its outputs "
                "and a message"
            ),
        ),
        (
            Variation.STOPPED_EARLY,
            Stop("SIGINT", 2.0, killed=True),
            "algo-1 got SIGINT at start-up and was killed by SIGKILL after 2.0 s",
        ),
    ],
)
def test_what_a_stop_left_is_told(variation: Variation, stop: Stop, expected: str) -> None:
    """Whether AWS uploads it, it does not say."""
    ended = host(file(f"{OUTPUT}/part-1"), end=End.STOPPED, exit_code=143, stop=stop, message="stopped")

    assert [expected] == list(of_outcome(outcome(ended, variation=variation)))


def test_what_the_suite_ended_itself_got_no_signal() -> None:
    """It had seen enough of the default command, or of hosts whose peer has failed."""
    ended = host(end=End.STOPPED, exit_code=137, stop=Stop("", 0.0, killed=True))

    assert [] == list(of_outcome(outcome(ended, ended, variation=Variation.PEER_FAILS)))


def told(environment: dict[str, str], **rest: Any) -> list[str]:  # noqa: ANN401 - the fields of Image
    """The facts of an image that is made for GPUs."""
    return list(of_image(image(*TOOLS, file("/app/lib/libcudart.so.12"), environment=environment, **rest)))


def test_drivers_on_which_the_toolkit_starts_the_container_are_told() -> None:
    """And those on which it does not."""
    assert [
        (
            "NVIDIA_REQUIRE_CUDA allows drivers 570 (CUDA 12.8), 580 (CUDA 13.0), "
            "but not 470 (CUDA 11.4), 535 (CUDA 12.2), 550 (CUDA 12.4)"
        )
    ] == told({"NVIDIA_VISIBLE_DEVICES": "all", "NVIDIA_REQUIRE_CUDA": "cuda>=12.6"})


@pytest.mark.parametrize(
    ("required", "expected"),
    [
        (
            {"NVIDIA_REQUIRE_CUDA": "cuda>=14"},
            "NVIDIA_REQUIRE_CUDA allows none of the known drivers",
        ),
        (
            {"NVIDIA_REQUIRE_CUDA": "cuda>=13.0", "NVIDIA_REQUIRE_DRIVER": "driver<580"},
            "NVIDIA_REQUIRE_CUDA and NVIDIA_REQUIRE_DRIVER allow none of the known drivers",
        ),
        (
            {"NVIDIA_REQUIRE_CUDA": "cuda>=11.0"},
            (
                "NVIDIA_REQUIRE_CUDA allows drivers 470 (CUDA 11.4), 535 (CUDA 12.2), "
                "550 (CUDA 12.4), 570 (CUDA 12.8), 580 (CUDA 13.0)"
            ),
        ),
        (
            {"NVIDIA_REQUIRE_CUDA": "cuda>=12.x,gpu=a100"},
            (
                "NVIDIA_REQUIRE_CUDA has terms that NVIDIA's toolkit does not understand, so the container may not "
                "start: 'cuda>=12.x', 'gpu=a100'"
            ),
        ),
    ],
)
def test_a_requirement_of_any_kind_is_told(required: dict[str, str], expected: str) -> None:
    """Where it cannot be read, no driver is compared with the rest of it."""
    assert [expected] == told({"NVIDIA_VISIBLE_DEVICES": "all", **required})


def test_compatibility_libraries_that_go_first_are_told() -> None:
    """NVIDIA's own images of frameworks have them there."""
    compatible = file("/usr/local/cuda/compat/lib.real/libcuda.so.550.54.14")
    environment = {"NVIDIA_VISIBLE_DEVICES": "all", "LD_LIBRARY_PATH": "/usr/local/cuda/compat/lib.real:/gone/compat"}
    facts = list(of_image(image(*TOOLS, compatible, environment=environment)))

    assert [
        (
            "LD_LIBRARY_PATH contains /usr/local/cuda/compat/lib.real: its forward-compatibility libraries take "
            "precedence over the host's driver, even a newer one"
        )
    ] == facts


def test_an_image_that_leaves_devices_to_the_host_is_told() -> None:
    """As wheels of frameworks in an ordinary image do; with CUDA_VERSION the toolkit takes all."""
    assert ["NVIDIA_VISIBLE_DEVICES is not set: the container gets a GPU only if the host requests one"] == told({})
    assert "NVIDIA_VISIBLE_DEVICES" not in "".join(told({"CUDA_VERSION": "12.4.1"}))


def test_an_image_without_cuda_has_none_of_these_facts() -> None:
    """Whatever its variables would mean."""
    assert [] == list(
        of_image(image(*TOOLS, environment={"LD_LIBRARY_PATH": "/app/compat", "NVIDIA_VISIBLE_DEVICES": ""}))
    )


def test_what_came_of_a_silent_peer_is_told() -> None:
    """When it was cut off, how each host ended and when, and what the job was."""
    ended = (host(exit_code=1, seconds=3.21), host(exit_code=1, seconds=2.5, cut_off_seconds=0.61))

    assert [
        (
            "algo-2 was disconnected from the network after 0.6 s: algo-1 exited with code 1 after 3.2 s, "
            "algo-2 exited with code 1 after 2.5 s; job status: Failed"
        )
    ] == list(of_outcome(outcome(*ended, variation=Variation.CUT_OFF)))


def test_who_waits_for_a_silent_peer_is_told() -> None:
    """Of a job that the suite had to end, nothing is said of how it would have ended."""
    waited = host(exit_code=137, end=End.STOPPED, seconds=31.0, stop=Stop("", 0.0, killed=True))

    assert [
        (
            "algo-2 was disconnected from the network after 0.6 s: algo-1 was still running after 31.0 s, when the "
            "suite stopped it, algo-2 exited with code 0 after 2.5 s"
        )
    ] == list(of_outcome(outcome(waited, host(seconds=2.5, cut_off_seconds=0.61), variation=Variation.CUT_OFF)))


def test_a_peer_that_ended_too_soon_is_told() -> None:
    """Nothing was cut then."""
    assert ["algo-2 ended after 0.3 s, before it could be disconnected from the network"] == list(
        of_outcome(outcome(host(seconds=0.5), host(seconds=0.3), variation=Variation.CUT_OFF))
    )


@pytest.mark.parametrize(
    ("variation", "expected"),
    [
        (Variation.AS_REQUESTED, "with neither ContainerEntrypoint nor ContainerArguments, the program gets "),
        (Variation.STAND_IN, "with 100 ContainerArguments, the program gets "),
        (Variation.OVERRIDDEN, "with a ContainerEntrypoint, the program gets "),
        (Variation.OVERRIDDEN_BOTH, "with a ContainerEntrypoint and ContainerArguments, the program gets "),
    ],
)
def test_what_a_stand_in_was_started_with_is_told(variation: Variation, expected: str) -> None:
    """Behind a wrapper, in the run of each way to override the image's command; the first words of it."""
    part = StandIn("/usr/bin/python3.12", ("python3", "/a.py"), is_wrapped=True)
    ended = host(witnesses=(witness("python3", "/a.py", "one", "two", "three", "four", "five"),))
    ran = replace(outcome(ended, variation=variation), stand_in=part)
    told = list(of_outcome(ran))

    assert f"{expected}'python3', '/a.py', 'one', 'two', 'three', 'four' and 1 more" == told[-1]
