"""The command that a verdict prints: what it copies, what it sets, and that nothing of the machine is in its reach."""

from __future__ import annotations

import json
import shlex
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.checks import load_checks
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Conditions, Lifted
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import CORRUPT_CONTENT, Variation
from conformance.outcome.gpu import Gpus, Means
from conformance.reports.reproduce import Manner, command_line, write_material
from conformance.rule import odd_words, rerun
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
    check: str,
    asked: JobRequest | None,
    objects: ObjectTree | None = None,
    of: Image | None = None,
    conditions: Conditions = AS_CHOSEN,
) -> dict[str, list[str]]:
    """The words of a command line after `docker create`, by their options.

    What is no option stands under `image`, and what is copied into the container, with the place, under `copied`.
    """
    text = command_line(CHECKS[check], of or image(), asked, objects, Path("/report"), conditions=conditions)
    create, *copies = text.partition(" && docker start --attach $id; code=$?; ")[0].split(" && ")
    words = shlex.split(create.removeprefix("id=$(").removesuffix(")"))
    assert ["docker", "create", "--network", "none"] == words[:4]
    found: dict[str, list[str]] = {"copied": [word for copy in copies for word in shlex.split(copy)[2:]]}
    while words[4:] and words[4].startswith("--"):
        found.setdefault(words.pop(4), []).append(words.pop(4))
    return found | {"image": words[4:]}


VOLUME = "type=volume,destination=/opt/ml,volume-nocopy"


def test_the_users_own_job_is_shown_as_it_is(objects: ObjectTree) -> None:
    """A fresh volume, into which its documents and its inputs are copied."""
    assert {
        "--mount": [VOLUME],
        "--env": ["STAGE=two words"],
        "image": ["example:1"],
        "copied": [
            *("-", "$id:/opt/ml", "<", "/report/jobs/example/as-requested.tar"),
            *("--follow-link", f"{objects.directory}/bucket/data/.", f"$id:{INPUT}"),
        ],
    } == line(COMPLETE, request(environment={"STAGE": "two words"}), objects)


@pytest.mark.parametrize("check", [check.id for check in CHECKS])
def test_nothing_of_the_machine_is_mounted(check: str, objects: ObjectTree) -> None:
    """So that whatever an image does, the user's files and the report are as they were."""
    text = command_line(CHECKS[check], image(), request(), objects, Path("/report"))

    assert [] == [word for word in shlex.split(text) if word in {"-v", "--volume"} or "type=bind" in word]


@pytest.mark.parametrize(
    ("check", "material", "data"),
    [
        (EMPTY, "as-requested", ""),
        (CORRUPT, "corrupt-inputs", ""),
        (MEMBERS, "unknown-members", "{s3}/bucket/data/."),
        ("outputs.work-as-mount-points", "as-requested", "{s3}/bucket/data/."),
        (ITSELF, "as-requested", "{s3}/bucket/data/."),
    ],
)
def test_each_variation_copies_its_own(check: str, material: str, data: str, objects: ObjectTree) -> None:
    """Documents and inputs."""
    inputs = ["--follow-link", data.format(s3=objects.directory), f"$id:{INPUT}"] if data else []

    assert ["-", "$id:/opt/ml", "<", f"/report/jobs/example/{material}.tar", *inputs] == (
        line(check, request(), objects)["copied"]
    )


def test_each_input_and_output_may_be_a_volume() -> None:
    """In the run that shows whether they work as mount points; a comma in a path is no end of a field."""
    asked = request(inputs={"data": f"{INPUT},1/"})

    assert [
        VOLUME,
        f'type=volume,"destination={INPUT},1",volume-nocopy',
        f"type=volume,destination={OUTPUT},volume-nocopy",
    ] == line("outputs.work-as-mount-points", asked)["--mount"]


@pytest.mark.parametrize(
    ("lifted", "option", "expected"),
    [(Lifted.MOUNTS, "--mount", []), (Lifted.SHARED_MEMORY, "--shm-size", ["1g"])],
)
def test_what_a_run_was_spared_the_line_is_spared(lifted: Lifted, option: str, expected: list[str]) -> None:
    """A job that needs one of the suite's choices lifted was judged without it."""
    assert expected == line(COMPLETE, request(), conditions=AS_CHOSEN.lifting(lifted)).get(option, [])


def test_an_empty_tmp_is_shown() -> None:
    """Where that is what the run was about."""
    assert ["/tmp:exec,mode=1777"] == line("reserved.works-with-empty-tmp", request())["--tmpfs"]  # noqa: S108 - a path of the container


def test_a_single_object_keeps_its_name(objects: ObjectTree) -> None:
    """As the service does it, where S3Uri is the whole key."""
    (objects.directory / "bucket/data.csv").touch()
    asked = request()
    asked.document["ProcessingInputs"][0]["S3Input"]["S3Uri"] = "s3://bucket/data.csv"

    assert ["--follow-link", f"{objects.directory}/bucket/data.csv", f"$id:{INPUT}/data.csv"] == (
        line(COMPLETE, asked, objects)["copied"][4:]
    )


def test_a_prefix_that_ends_within_a_name(objects: ObjectTree) -> None:
    """The directory above is what can be copied."""
    asked = request()
    asked.document["ProcessingInputs"][0]["S3Input"]["S3Uri"] = "s3://bucket/dat"

    assert ["--follow-link", f"{objects.directory}/bucket/.", f"$id:{INPUT}"] == (
        line(COMPLETE, asked, objects)["copied"][4:]
    )


def test_without_objects_every_input_is_empty() -> None:
    """As where the request has inputs and S3 was not given, which the options refuse."""
    assert ["-", "$id:/opt/ml", "<", "/report/jobs/example/as-requested.tar"] == line(COMPLETE, request())["copied"]


SCRIPT = request(
    inputs={"data": INPUT, "code": CODE}, overrides={"ContainerEntrypoint": ["python3", f"{CODE}/main.py", "--fast"]}
)


@pytest.mark.parametrize("check", [CORRUPT, EMPTY])
def test_a_script_among_inputs_is_whole(check: str, objects: ObjectTree) -> None:
    """As it was in the run; the entrypoint is told apart from its arguments, as docker has it."""
    words = line(check, SCRIPT, objects)

    assert ["--follow-link", f"{objects.directory}/bucket/code/.", f"$id:{CODE}"] == words["copied"][4:]
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

    assert ["example:1", "--rows", "3", *odd_words.ODD_WORDS[:3]] == words["image"]
    assert {"STAGE=test", *(f"CONFORMANCE_{number}={odd_words.ODD_VALUES[number]}" for number in range(3))} == set(
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

    steps = f"docker start $id && sleep 2 && docker kill --signal {number} $id; docker wait $id; "
    assert text.endswith(f" && {steps}docker rm --force --volumes $id")


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


def unpacked(path: Path) -> dict[str, bytes | None]:
    """What an archive holds: the content of each file, and None for a directory; all of it belongs to root."""
    with tarfile.open(path) as opened:
        members = opened.getmembers()
        assert {(0, 0)} == {(member.uid, member.gid) for member in members}
        contents = {member.name: opened.extractfile(member) for member in members}
        return {name: None if content is None else content.read() for name, content in contents.items()}


DIRECTORIES = {
    "output": None,
    **dict.fromkeys(("processing", "processing/input", "processing/input/data", "processing/input/code")),
    **dict.fromkeys(("processing/output", "processing/output/result")),
}


def test_what_the_commands_copy_is_written(objects: ObjectTree, tmp_path: Path) -> None:
    """The documents of each variation, and a corrupt object for each object, but of a script."""
    report = tmp_path / "report"
    documents = {
        Variation.AS_REQUESTED: {"/opt/ml/config/a.json": b"{}"},
        Variation.UNKNOWN_MEMBERS: {"/opt/ml/config/a.json": b'{"more": null}'},
    }
    write_material(report, SCRIPT, documents, objects)
    write_material(report, SCRIPT, documents, objects)

    common = DIRECTORIES | {"config": None}
    data = "processing/input/data"
    corrupt = {f"{data}/a.csv": CORRUPT_CONTENT, f"{data}/deep": None, f"{data}/deep/b.csv": CORRUPT_CONTENT}
    assert {
        "as-requested.tar": {**common, "config/a.json": b"{}"},
        "unknown-members.tar": {**common, "config/a.json": b'{"more": null}'},
        "corrupt-inputs.tar": {**common, "config/a.json": b"{}", **corrupt},
    } == {path.name: unpacked(path) for path in (report / "jobs/example").iterdir()}


def test_a_link_in_the_report_is_not_written_through(tmp_path: Path) -> None:
    """Whoever put it there, what it leads to stays as it is, and the file takes its place."""
    (tmp_path / "precious").write_text("mine", encoding="utf-8")
    place = tmp_path / "jobs/example/as-requested.tar"
    place.parent.mkdir(parents=True)
    place.symlink_to(tmp_path / "precious")
    write_material(tmp_path, request(), {Variation.AS_REQUESTED: {}}, None)

    assert "mine" == (tmp_path / "precious").read_text(encoding="utf-8")
    assert tarfile.is_tarfile(place)
    assert not place.is_symlink()


def test_objects_that_cannot_lie_beside_each_other(tmp_path: Path) -> None:
    """Such a job ends in an error, and the rest is written all the same."""
    for key in ("in-x", "in/in-x/y"):
        (tmp_path / "s3/bucket" / key).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "s3/bucket" / key).touch()
    asked = request()
    asked.document["ProcessingInputs"][0]["S3Input"]["S3Uri"] = "s3://bucket/in"
    write_material(tmp_path, asked, {Variation.AS_REQUESTED: {}}, ObjectTree(tmp_path / "s3"))

    assert ["as-requested.tar"] == [path.name for path in (tmp_path / "jobs/example").iterdir()]


@pytest.mark.parametrize("name", ["../../../../../out", "..", ".", "/etc", "a/b", "a\0b", "x" * 300, "京" * 100, "a\n"])
def test_any_name_of_an_input_will_do(name: str, tmp_path: Path) -> None:
    """The service limits the names of inputs in no way; they are names of nothing in the report."""
    asked = request(inputs={name: INPUT}, outputs={name: OUTPUT})
    write_material(tmp_path, asked, {Variation.AS_REQUESTED: {}}, None)

    assert DIRECTORIES.keys() - {"processing/input/code"} == unpacked(tmp_path / "jobs/example/as-requested.tar").keys()


def test_a_job_gets_its_memory_again() -> None:
    """By which a program may end; none where it had no limit."""
    limited = command_line(CHECKS[COMPLETE], image(), request(), None, Path("/report"), memory_bytes=1 << 30)

    assert limited.startswith("id=$(docker create --network none --memory 1073741824 --mount ")
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


def test_what_a_manifest_lists_takes_a_session(tmp_path: Path) -> None:
    """Each object would be a copy of its own; the corrupt ones are written all the same."""
    asked, objects = with_manifest(tmp_path, "a.csv", "deep/b.csv")
    text = command_line(CHECKS[COMPLETE], image(), asked, objects, Path("/report"))
    write_material(tmp_path, asked, {Variation.AS_REQUESTED: {}}, objects)
    written = unpacked(tmp_path / "jobs/example/corrupt-inputs.tar")

    assert text.startswith("pytest --image=example:1 --image-job=job.json ")
    assert {"a.csv", "b.csv"} == {Path(name).name for name, content in written.items() if content is not None}


def test_a_manifest_that_is_none_lists_nothing(tmp_path: Path) -> None:
    """Its job was not run, and a report is written all the same."""
    asked, objects = with_manifest(tmp_path, "a")
    (objects.directory / "bucket/data").write_text("{}", encoding="utf-8")
    write_material(tmp_path, asked, {Variation.AS_REQUESTED: {}}, objects)

    assert {None} == set(unpacked(tmp_path / "jobs/example/corrupt-inputs.tar").values())


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

    assert shlex.join(["docker", "create", "--network", "none", *expected, "--mount"]) in text


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


def test_on_podman_volumes_have_names_and_are_removed(objects: ObjectTree) -> None:
    """It copies what the image has into one without a name; a place with a colon can have none."""
    asked = request(inputs={"data": f"{INPUT}:1/"})
    manner = Manner(copies_into_mounts=True)
    text, stopped = (
        command_line(CHECKS[check], image(), asked, objects, Path("/report"), manner=manner)
        for check in ("outputs.work-as-mount-points", "stop.ends-on-sigint")
    )

    assert f"--volume conformance-$$-0:/opt/ml:nocopy --volume conformance-$$-2:{OUTPUT}:nocopy " in text
    assert f"type=volume,destination={INPUT}:1,volume-nocopy" in shlex.split(text)
    assert text.endswith("; docker volume rm conformance-$$-0 conformance-$$-2 > /dev/null; echo exit code $code")
    assert stopped.endswith("$id; docker volume rm conformance-$$-0 > /dev/null")


def test_a_runtime_that_was_chosen_is_told() -> None:
    """Another one may behave otherwise."""
    text = command_line(CHECKS[COMPLETE], image(), request(), None, Path("/report"), manner=Manner(runtime="runsc"))

    assert "docker create --runtime runsc --network none" in text


def test_an_engine_of_another_architecture_is_told_what_to_run() -> None:
    """It may have two variants of the image."""
    manner = Manner(platform="linux/amd64")
    texts = [
        command_line(CHECKS[check], image(), request(), None, Path("/report"), manner=manner)
        for check in (COMPLETE, "launch.default-command")
    ]

    assert ["create --platform linux/amd64 --network", "run --rm --platform linux/amd64 --network"] == [
        text.partition("docker ")[2].partition(" none")[0] for text in texts
    ]
