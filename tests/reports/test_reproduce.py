"""The command that a verdict prints: what it mounts, what it sets, and that all of it is there."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.checks import load_checks
from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import CORRUPT_CONTENT, Variation
from conformance.outcome.gpu import Gpus, Means
from conformance.reports.reproduce import command_line, write_material
from conformance.rule import rerun
from tests.support.outcomes import INPUT, OUTPUT, image, process, program, ran, request

CODE = "/opt/ml/processing/input/code"
WRAPPER = image(program("/run.sh"), entrypoint=["/run.sh"])
CHECKS = load_checks()

COMPLETE = "exit.zero-on-success"
EMPTY = "exit.nonzero-on-failure"
CORRUPT = "exit.nonzero-on-corrupt-input"
MEMBERS = "config.unknown-members-tolerated"
REACHES = "launch.arguments-reach-the-program"
ITSELF = "launch.program-runs-by-itself"


@pytest.fixture(name="objects")
def _objects(tmp_path: Path) -> ObjectTree:
    """Two inputs: `data` with two objects, one of them in a folder, and `code` with a script."""
    for name in ("data/a.csv", "data/deep/b.csv", "code/main.py"):
        path = tmp_path / "s3/bucket" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return ObjectTree(tmp_path / "s3")


def line(
    check: str, asked: JobRequest | None, objects: ObjectTree | None = None, of: Image | None = None
) -> dict[str, list[str]]:
    """The words of a command line after `docker run`, by their options; what is no option stands under `image`."""
    text = command_line(CHECKS[check], of or image(), asked, objects, Path("/report"))
    words = shlex.split(text.removesuffix("; echo exit code $?"))
    assert ["docker", "run", "--rm", "--network", "none"] == words[:5]
    found: dict[str, list[str]] = {}
    while words[5:] and words[5].startswith("--"):
        found.setdefault(words.pop(5), []).append(words.pop(5))
    return found | {"image": words[5:]}


def test_the_users_own_job_is_shown_as_it_is(objects: ObjectTree) -> None:
    """Its documents, inputs and outputs, and a volume that hides what the image ships below /opt/ml."""
    assert {
        "--mount": ["type=volume,destination=/opt/ml,volume-nocopy"],
        "--env": ["STAGE=two words"],
        "--volume": [
            "/report/jobs/example/config:/opt/ml/config",
            f"{objects.directory}/bucket/data:{INPUT}",
            f"/report/jobs/example/reproduced/result:{OUTPUT}",
            "/report/jobs/example/reproduced/message:/opt/ml/output",
        ],
        "image": ["example:1"],
    } == line(COMPLETE, request(environment={"STAGE": "two words"}), objects)


def test_only_a_job_that_is_judged_without_the_images_own_opt_ml_hides_it() -> None:
    """The others show the image as it is."""
    hiding = {check.id for check in CHECKS if "--mount" in command_line(check, image(), request(), None, Path("/r"))}

    assert {COMPLETE, "reserved.works-when-replaced"} == hiding - {check.id for check in CHECKS if check.job is None}


@pytest.mark.parametrize(
    ("check", "documents", "data"),
    [
        (EMPTY, "config", "/report/jobs/example/reproduced/empty/data"),
        (CORRUPT, "config", "/report/jobs/example/corrupt/data"),
        (MEMBERS, "config-with-unknown-members", "{s3}/bucket/data"),
        ("outputs.work-as-mount-points", "config", "{s3}/bucket/data"),
        (ITSELF, "config", "{s3}/bucket/data"),
    ],
)
def test_each_variation_mounts_its_own(check: str, documents: str, data: str, objects: ObjectTree) -> None:
    """Documents and inputs."""
    mounted = line(check, request(), objects)["--volume"]

    assert f"/report/jobs/example/{documents}:/opt/ml/config" == mounted[0]
    assert f"{data.format(s3=objects.directory)}:{INPUT}" == mounted[1]


def test_without_objects_every_input_is_empty() -> None:
    """As where the request has inputs and S3 was not given, which the options refuse."""
    assert f"/report/jobs/example/reproduced/empty/data:{INPUT}" in line(COMPLETE, request())["--volume"]


SCRIPT = request(
    inputs={"data": INPUT, "code": CODE}, overrides={"ContainerEntrypoint": ["python3", f"{CODE}/main.py", "--fast"]}
)


@pytest.mark.parametrize(("check", "data"), [(CORRUPT, "corrupt/data"), (EMPTY, "reproduced/empty/data")])
def test_a_script_among_inputs_is_whole(check: str, data: str, objects: ObjectTree) -> None:
    """As it was in the run; the entrypoint is told apart from its arguments, as docker has it."""
    words = line(check, SCRIPT, objects)

    assert f"{objects.directory}/bucket/code:{CODE}" in words["--volume"]
    assert f"/report/jobs/example/{data}:{INPUT}" in words["--volume"]
    assert (["python3"], ["example:1", f"{CODE}/main.py", "--fast"]) == (words["--entrypoint"], words["image"])


def test_the_program_that_was_run_without_entrypoint_is_named() -> None:
    """The request of that run is what is shown."""
    work = process(8, 1, "python3", "-m", "processing", "--rows", "3")
    again = rerun.overridden(image(), ran(process(1, 0, "/bin/sh", "/run.sh"), work))
    words = line(ITSELF, again.request)

    assert (["python3"], ["example:1", "-m", "processing", "--rows", "3"]) == (words["--entrypoint"], words["image"])


def test_a_stand_in_is_shown_by_some_of_what_it_was_given() -> None:
    """The user's own arguments and variables and three of the odd ones, quoted for a shell."""
    asked = request(overrides={"ContainerArguments": ["--rows", "3"]}, environment={"STAGE": "test"})
    shell, work = process(1, 0, "/bin/sh", "/run.sh"), process(8, 1, "python3", "/processing.py", "--rows", "3")
    changed = rerun.with_stand_in(WRAPPER, ran(shell, work, of=asked)).request
    words = line(REACHES, changed, of=WRAPPER)

    assert ["example:1", "--rows", "3", *rerun.ODD_WORDS[:3]] == words["image"]
    assert {"STAGE=test", *(f"CONFORMANCE_{number}={rerun.ODD_VALUES[number]}" for number in range(3))} == set(
        words["--env"]
    )


def test_variables_are_shown_without_odd_arguments() -> None:
    """A program may fail by those, which would say nothing of the variables."""
    asked = request(overrides={"ContainerArguments": ["--rows", "3"]})
    shell, work = process(1, 0, "/bin/sh", "/run.sh"), process(8, 1, "python3", "/processing.py", "--rows", "3")
    words = line("environment.reaches-the-program", rerun.with_stand_in(WRAPPER, ran(shell, work, of=asked)).request)

    assert ["example:1", "--rows", "3"] == words["image"]
    assert 3 == len(words["--env"])


def test_a_stand_in_that_got_no_arguments_is_shown_without() -> None:
    """CMD is what runs then."""
    script = replace(WRAPPER, cmd=("echo a\necho b",))
    changed = rerun.with_stand_in(script, ran(process(1, 0, "/bin/sh", "/run.sh"), process(8, 1, "python3"))).request

    assert ["example:1"] == line(REACHES, changed, of=script)["image"]


@pytest.mark.parametrize(("check", "number"), [("stop.ends-on-sigint", "SIGINT"), ("stop.ends-on-sigterm", "SIGTERM")])
def test_a_stop_is_shown_in_the_middle_of_the_work(check: str, number: str) -> None:
    """The container runs beside the shell, which waits for its exit code."""
    text = command_line(CHECKS[check], image(), request(), None, Path("/report"))

    start, rest = text.split("; ", 1)
    assert f"sleep 2; docker kill --signal {number} $id; docker wait $id" == rest
    assert re.fullmatch(r"id=\$\(docker run --detach --rm .* example:1\)", start)


@pytest.mark.parametrize("asked", [None, request()])
def test_the_default_command_is_shown_bare(asked: JobRequest | None) -> None:
    """Whatever the user's request is."""
    text = command_line(CHECKS["launch.default-command"], image(), asked, None, Path("/report"))

    assert "docker run --rm --network none example:1" == text


@pytest.mark.parametrize("check", [check.id for check in CHECKS if check.job is None])
def test_a_check_of_the_image_alone_has_a_command_of_its_own(check: str) -> None:
    """With the image's reference quoted for a shell."""
    odd = replace(image(), reference="example:1; id")
    text = command_line(CHECKS[check], odd, request(), None, Path("/report"))

    assert "'example:1; id'" in text
    assert "IMAGE" not in text


def test_what_the_commands_mount_is_written(objects: ObjectTree, tmp_path: Path) -> None:
    """The documents of each variation, and a corrupt object for each object, but of a script."""
    report = tmp_path / "report"
    documents = {
        Variation.AS_REQUESTED: {"/opt/ml/config/a.json": b"{}"},
        Variation.UNKNOWN_MEMBERS: {"/opt/ml/config/a.json": b'{"more": null}'},
    }
    write_material(report, SCRIPT, documents, objects)
    write_material(report, SCRIPT, documents, objects)

    job = report / "jobs/example"
    written = {path.relative_to(job).as_posix(): path.read_bytes() for path in job.rglob("*") if path.is_file()}
    assert {
        "config/a.json": b"{}",
        "config-with-unknown-members/a.json": b'{"more": null}',
        "corrupt/data/a.csv": CORRUPT_CONTENT,
        "corrupt/data/deep/b.csv": CORRUPT_CONTENT,
    } == written


def test_without_objects_nothing_is_corrupt(tmp_path: Path) -> None:
    """The documents are written all the same."""
    write_material(tmp_path, request(), {Variation.AS_REQUESTED: {"/x/a.json": b"{}"}}, None)

    assert ["a.json"] == [path.name for path in tmp_path.rglob("*") if path.is_file()]


def called(*names: str) -> JobRequest:
    """A request of inputs and outputs of these names, all inputs from `s3://bucket/in`."""
    asked = request(
        inputs={name: f"{INPUT}/{number}" for number, name in enumerate(names)},
        outputs={name: f"{OUTPUT}/{number}" for number, name in enumerate(names)},
    )
    inputs = [
        {**item, "S3Input": {**item["S3Input"], "S3Uri": "s3://bucket/in"}}
        for item in asked.document["ProcessingInputs"]
    ]
    return JobRequest({**asked.document, "ProcessingInputs": inputs})


def corrupted(here: Path, asked: JobRequest, *keys: str) -> set[str]:
    """The corrupt files that are written for a request of objects with these keys, wherever they are written."""
    for key in keys:
        path = here / "s3/bucket" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    report = here / "deep/down/in/a/report"
    write_material(report, asked, {Variation.AS_REQUESTED: {}}, ObjectTree(here / "s3"))
    written = [path for path in here.rglob("*") if path.is_file() and not path.is_relative_to(here / "s3")]
    return {str(path.relative_to(here)).removeprefix("deep/down/in/a/report/jobs/example/") for path in written}


@pytest.mark.parametrize("name", ["../../../../../out", "..", ".", "/etc", "a/b", "a\0b", "x" * 300, "京" * 100, "a\n"])
def test_any_name_has_a_folder_in_the_report(name: str, tmp_path: Path) -> None:
    """The service limits the names of inputs in no way, so one that can be no folder's is not taken for one."""
    assert {"corrupt/plain-1.x/x", "corrupt/+1/x"} == corrupted(tmp_path, called("plain-1.x", name), "in/x")


def test_names_do_not_meet(objects: ObjectTree) -> None:
    """An output called `message` or `empty` has a folder of its own, beside those of the message and of inputs."""
    mounted = line(EMPTY, called("message", "empty", "..", "summary"), objects)["--volume"]

    assert [
        "config",
        *(f"reproduced/empty/{folder}" for folder in ("+0", "+1", "+2", "summary")),
        *(f"reproduced/{folder}" for folder in ("+0", "+1", "+2", "summary")),
        "reproduced/message",
    ] == [word.partition(":")[0].removeprefix("/report/jobs/example/") for word in mounted]


def test_objects_that_cannot_lie_beside_each_other(tmp_path: Path) -> None:
    """Such a job ends in an error, and the report is written all the same."""
    assert {"corrupt/data/in-x"} == corrupted(tmp_path, called("data"), "in-x", "in/in-x/y")


def test_a_job_gets_its_memory_again() -> None:
    """By which a program may end; none where it had no limit."""
    limited = command_line(CHECKS[COMPLETE], image(), request(), None, Path("/report"), memory_bytes=1 << 30)

    assert limited.startswith("docker run --rm --network none --memory 1073741824 --mount ")
    assert "--memory" not in command_line(CHECKS[COMPLETE], image(), request(), None, Path("/report"))


def with_manifest(here: Path, *names: str) -> tuple[JobRequest, ObjectTree]:
    """A request whose input is a manifest of these objects, below another one that it does not name."""
    bucket = here / "listed/bucket"
    for name in (*names, "unlisted"):
        (bucket / "many" / name).parent.mkdir(parents=True, exist_ok=True)
        (bucket / "many" / name).touch()
    (bucket / "data").write_text(json.dumps([{"prefix": "s3://bucket/many/"}, *names]), encoding="utf-8")
    asked = request()
    asked.document["ProcessingInputs"][0]["S3Input"]["S3DataType"] = "ManifestFile"
    return replace(asked, source="job.json"), ObjectTree(here / "listed")


def test_what_a_manifest_names_is_mounted(tmp_path: Path) -> None:
    """And not the manifest itself."""
    asked, objects = with_manifest(tmp_path, "a.csv", "deep/b.csv")
    many = objects.directory / "bucket/many"

    assert [f"{many}/a.csv:{INPUT}/a.csv", f"{many}/deep/b.csv:{INPUT}/deep/b.csv"] == (
        line(COMPLETE, asked, objects)["--volume"][1:3]
    )
    assert f"/report/jobs/example/corrupt/data:{INPUT}" == line(CORRUPT, asked, objects)["--volume"][1]
    report = tmp_path / "report"
    write_material(report, asked, {Variation.AS_REQUESTED: {}}, objects)
    assert {"a.csv", "b.csv"} == {path.name for path in report.rglob("*") if path.is_file()}


def test_more_objects_than_a_line_holds_take_a_session(tmp_path: Path) -> None:
    """Each would be a mount of its own."""
    asked, objects = with_manifest(tmp_path, *(f"{number}" for number in range(21)))
    text = command_line(CHECKS[COMPLETE], image(), asked, objects, Path("/report"))

    assert text.startswith("pytest --image=example:1 --image-job=job.json ")


def test_a_manifest_that_is_none_has_nothing_mounted(tmp_path: Path) -> None:
    """Its job was not run, and a report is written all the same."""
    asked, objects = with_manifest(tmp_path, "a")
    (objects.directory / "bucket/data").write_text("{}", encoding="utf-8")
    write_material(tmp_path / "report", asked, {Variation.AS_REQUESTED: {}}, objects)

    assert 3 == len(line(COMPLETE, asked, objects)["--volume"])


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        (Means.NONE, []),
        (Means.REQUEST, ["--gpus", "all"]),
        (Means.RUNTIME, ["--runtime", "nvidia", "--env", "NVIDIA_VISIBLE_DEVICES=all"]),
        (Means.CDI, ["--device", "nvidia.com/gpu=all"]),
    ],
)
def test_a_job_gets_its_gpus_again(means: Means, expected: list[str]) -> None:
    """In the words of `docker run` for the way in which the engine gave them."""
    text = command_line(
        CHECKS[COMPLETE], image(), request(), None, Path("/report"), gpus=Gpus(wanted=True, means=means)
    )

    assert shlex.join(["docker", "run", "--rm", "--network", "none", *expected, "--mount"]) in text


@pytest.mark.parametrize(
    ("check", "means", "expected"),
    [("gpu.visible", Means.REQUEST, ""), (COMPLETE, Means.SIMULATION, " --image-gpu=simulated")],
)
def test_what_the_probe_or_the_suite_put_there_takes_a_session(check: str, means: Means, expected: str) -> None:
    """No `docker run` shows it."""
    asked = replace(request(), source="job.json")
    text = command_line(CHECKS[check], image(), asked, None, Path("/report"), gpus=Gpus(wanted=True, means=means))

    words = f"pytest --image=example:1 --image-job=job.json{expected} --image-hosts=1 -k {check}"
    assert words == text
