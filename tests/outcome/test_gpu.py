"""Which jobs get GPUs, and what the probe's record says of one."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.loaders import Loader

from conformance.job.gpu import FAMILIES, Choice, asks_for_gpus, to_look, wants
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.gpu import Device, Gpus, Look, Means, devices_in
from conformance.reports.facts import of_outcome
from conformance.service.dialect import DOCKER, PODMAN
from conformance.service.gpus import environment, host_config
from conformance.verdict.profiles import Scope, scope_of
from tests.outcome.test_standin import FOUND
from tests.support.looks import LOADED, answers, look, with_gpus
from tests.support.outcomes import host, outcome, request
from tests.support.recording import record


def asking(instance_type: str, *, hosts: int = 1) -> JobRequest:
    """A request for instances of this type."""
    cluster = {"InstanceCount": hosts, "InstanceType": instance_type, "VolumeSizeInGB": 30}
    return request(ProcessingResources={"ClusterConfig": cluster})


def test_every_family_of_the_api_that_begins_with_p_or_g_has_gpus() -> None:
    """Botocore's model is the list; a family that is new there is to be looked up."""
    shapes = Loader().load_service_model("sagemaker", "service-2")["shapes"]
    families = {name.split(".")[1] for name in shapes["ProcessingInstanceType"]["enum"]}

    assert set() == {family for family in families if family[0] in "pg"} - FAMILIES
    assert {"m5", "c5", "r5", "t3"} <= families - FAMILIES


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [("ml.g5.xlarge", True), ("ml.p3.16xlarge", True), ("ml.g4dn.xlarge", True), ("ml.m5.xlarge", False)],
)
def test_an_instance_type_says_whether_a_job_gets_gpus(instance_type: str, *, expected: bool) -> None:
    """By its family; whoever requires or simulates GPUs gets them for any."""
    asked = asking(instance_type)

    assert (expected, expected) == (asks_for_gpus(asked), wants(asked, Choice.AUTO))
    assert [True, True] == [wants(asked, choice) for choice in (Choice.REQUIRE, Choice.SIMULATED)]


def test_a_look_is_into_one_container_without_data() -> None:
    """What it looks at does not depend on them."""
    made = to_look(asking("ml.g5.xlarge", hosts=3))

    assert ((), (), 1, "ml.g5.xlarge") == (made.inputs, made.outputs, made.instance_count, made.instance_type)


MOUNTS = "".join(
    f"{number} 48 8:1 /x {path} ro - ext4 /dev/sda rw\n"
    for number, path in enumerate([LOADED, "/usr/bin/nvidia-smi", "/usr/lib/libcuda.so"], start=1)
)


def recorded(*programs: tuple[str, dict[str, Any]]) -> bytes:
    """A record of a look with one device node."""
    witness = {
        **FOUND,
        "environment": ["NVIDIA_VISIBLE_DEVICES=all", "PATH=/bin"],
        "files": {"/proc/self/mountinfo": MOUNTS},
    }
    node = {"path": "/dev/nvidia0", "character": 1, "errno": 13, "error": "Permission denied"}
    return record(("witness", witness), ("device", node), *programs)


CUDA = {"name": "look", "errno": 0, "error": "", "status": 1, "output": answers(cuInit="100")}
SMI = {"name": "nvidia-smi", "errno": 2, "error": "No such file or directory", "status": 127, "output": ""}


def test_a_look_is_read() -> None:
    """Nodes, variables, mounts, and what both programs said."""
    seen = Look.parse(recorded(("program", CUDA), ("program", SMI)))

    assert seen is not None
    assert (Device("/dev/nvidia0", is_character=True, error="Permission denied"),) == seen.devices
    assert {"NVIDIA_VISIBLE_DEVICES": "all"} == seen.variables
    assert (LOADED, "/usr/lib/libcuda.so") == seen.mounted
    assert (False, True, False) == (seen.works, seen.cuda.was_found, seen.smi.was_found)
    assert (LOADED, ("cuInit", 100)) == (seen.library, seen.failed)


@pytest.mark.parametrize("value", ["", "x", "1" * 5_000, "0x64"])
def test_a_result_that_is_none_is_a_failure_all_the_same(value: str) -> None:
    """A library of the image's own may have written the line."""
    seen = Look.parse(recorded(("program", {**CUDA, "output": answers(cuInit=value)}), ("program", SMI)))

    assert seen is not None
    assert ("cuInit", -1) == seen.failed


def test_a_look_that_broke_off_is_none() -> None:
    """As where the container was killed in the midst of it."""
    assert Look.parse(recorded(("program", CUDA))) is None
    assert (Device("/dev/nvidia0", is_character=True, error="Permission denied"),) == devices_in(recorded())


def test_a_driver_that_answers_has_not_failed() -> None:
    """The facts among its lines are no results."""
    assert (None, True) == (look().failed, look().works)


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, (Means.REQUEST,)),
        ({"Runtimes": {"runc": {}}, "CDISpecDirs": []}, (Means.REQUEST,)),
        ({"Runtimes": {"runc": {}, "nvidia": {}}}, (Means.REQUEST, Means.RUNTIME)),
        ({"Runtimes": None, "CDISpecDirs": ["/etc/cdi"]}, (Means.REQUEST, Means.CDI)),
        (
            {
                "Runtimes": {"nvidia": {}},
                "DiscoveredDevices": [{"Source": "cdi", "ID": "nvidia.com/gpu=all"}],
            },
            (Means.REQUEST, Means.RUNTIME, Means.CDI),
        ),
    ],
)
def test_what_an_engine_may_know_is_tried(facts: dict[str, Any], expected: tuple[Means, ...]) -> None:
    """A device request always: no answer of the engine's tells of a hook on the daemon's PATH."""
    assert expected == DOCKER.offers(facts)


def test_podman_does_not_list_what_it_may_know() -> None:
    """It takes CDI's names of devices and lists none of its directories."""
    assert (Means.REQUEST, Means.CDI) == PODMAN.offers({"Runtimes": {"crun": {}}})


def test_the_engine_is_asked_in_its_own_words() -> None:
    """As `docker run` asks with --gpus all, --device nvidia.com/gpu=all, and --runtime nvidia."""
    (request_of_all,) = host_config(Means.REQUEST)["device_requests"]
    (cdi,) = host_config(Means.CDI)["device_requests"]

    assert ("", -1, [["gpu"]]) == (request_of_all["Driver"], request_of_all["Count"], request_of_all["Capabilities"])
    assert ("cdi", ["nvidia.com/gpu=all"]) == (cdi["Driver"], cdi["DeviceIDs"])
    assert ({"runtime": "nvidia"}, {}) == (host_config(Means.RUNTIME), host_config(Means.NONE))


def test_the_environment_gives_or_hides_gpus() -> None:
    """NVIDIA's runtime goes by it alone."""
    expected = {Means.NONE: "void", Means.RUNTIME: "all"}

    assert expected == {
        means: given["NVIDIA_VISIBLE_DEVICES"] for means in Means if (given := environment(means, "void"))
    }


@pytest.mark.parametrize(
    ("instance_type", "hosts", "choice", "expected"),
    [
        ("ml.g5.xlarge", 1, Choice.AUTO, Scope.GPU),
        ("ml.g5.xlarge", 1, Choice.SIMULATED, Scope.GPU),
        ("ml.g5.xlarge", 2, Choice.AUTO, Scope.DISTRIBUTED_GPU),
        ("ml.m5.xlarge", 1, Choice.REQUIRE, Scope.GPU),
        ("ml.m5.xlarge", 1, Choice.SIMULATED, Scope.PROCESSING),
        ("ml.m5.xlarge", 2, Choice.AUTO, Scope.DISTRIBUTED),
    ],
)
def test_the_profile_is_that_of_a_gpu(instance_type: str, hosts: int, choice: Choice, expected: Scope) -> None:
    """Where the job's instances have one, or one is required; to simulate one asks for no more."""
    assert expected == scope_of([asking(instance_type, hosts=hosts)], choice)
    assert Scope.IMAGE == scope_of([], choice)


def test_how_a_job_ends_without_its_gpu_is_told() -> None:
    """It need not run without one."""
    lacking = Gpus(wanted=True, lack="none")
    failed = outcome(host(exit_code=139, stderr="loading\n"))

    assert ["without a GPU, algo-1 exited with code 139 (SIGSEGV); stderr says: 'loading'"] == list(
        of_outcome(with_gpus(failed, lacking))
    )
    assert [] == list(of_outcome(with_gpus(outcome(host()), lacking)))
    assert [] == list(of_outcome(failed))


def test_a_variable_of_the_request_that_hides_or_gives_gpus_is_told() -> None:
    """Once, of the undisturbed run."""
    asked = request(environment={"NVIDIA_VISIBLE_DEVICES": "0"})

    assert ["the request sets NVIDIA_VISIBLE_DEVICES to '0'"] == list(of_outcome(outcome(host(), of=asked)))
    assert [] == list(of_outcome(outcome(host(), of=asked, variation=Variation.EMPTY_INPUTS)))
