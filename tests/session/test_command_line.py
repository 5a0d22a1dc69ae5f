"""The product as its users type it: selection, exit status, bad input, xdist."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from conformance.checks import load_checks
from tests.conftest import REFERENCE_JOB, REFERENCE_S3, WORKERS, Ran, reference_job
from tests.support.jobs import request

pytestmark = pytest.mark.engine


def words(ran: Ran) -> dict[str, str]:
    """The verdict's word for each check and job."""
    return {f"{verdict['check']}[{verdict['job']}]": verdict["verdict"] for verdict in ran.report["verdicts"]}


def test_header_names_image_digest_contract_and_number_of_checks(
    tag: Callable[[str], str], conformance: Callable[..., Ran], client: docker.APIClient
) -> None:
    """The header tells what is judged, and by what."""
    image = tag("reference")
    ran = conformance(image, *reference_job())

    assert f"conformance: image {image} ({client.inspect_image(image)['Id']}), linux/amd64" in ran.output
    assert (
        f"conformance: contract 2026.11, {len(load_checks())} checks, profile processing, job reference" in ran.output
    )


@pytest.mark.parametrize(("hosts", "profile"), [(1, "processing"), (2, "distributed")])
def test_the_number_of_hosts_takes_the_place_of_that_of_the_job(
    hosts: int, profile: str, tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Whichever the file names."""
    cluster = {"InstanceCount": 3, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
    job = request(tmp_path / "job.json", ProcessingResources={"ClusterConfig": cluster})

    ran = conformance(tag("reference"), *reference_job(job=job), f"--image-hosts={hosts}", "--collect-only")

    assert f"profile {profile}, job reference" in ran.output


def test_without_a_job_the_profile_is_image(tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """The image's own program does the suite's request; what only another job would show says so."""
    ran = conformance(tag("reference"))

    of_other_jobs = {check.id for check in load_checks() if check.chapter == "hosts"}
    of_other_jobs |= {"inputs.empty-shard", "inputs.pipe", "outputs.continuous", "outputs.no-collision"}
    of_other_jobs |= {"message.budget-of-all-hosts", "gpu.visible", "gpu.workload-uses-it"}
    of_other_jobs.add("exit.nonzero-on-corrupt-input")  # it counts whatever its inputs hold
    judged = {verdict["check"] for verdict in ran.report["verdicts"] if verdict["verdict"] == "conforms"}
    without_condition = {verdict["check"] for verdict in ran.report["verdicts"] if not verdict["applies"]}
    assert {check.id for check in load_checks()} - of_other_jobs - without_condition == judged
    assert of_other_jobs == ran.open
    assert "image" == ran.report["profile"]["name"]
    assert "--image-job=FILE" in ran.verdict("hosts.single")["reason"]
    assert "checks need a job of yours: pytest --image-init writes one to start from" in ran.output
    assert 0 == ran.status
    without_subject = sum(not verdict["applies"] for verdict in ran.report["verdicts"])
    share = f"{len(judged)} of {len(load_checks())} checks judged, {without_subject} not applicable"
    assert f"conforms: {share} - profile image, contract 2026.11" in ran.output


def test_a_check_that_is_selected_by_its_id_counts_alone(
    tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """`-k` selects by the id that reports print, so that one can repair one check; the closing line claims no more."""
    ran = conformance(tag("reference"), *reference_job(), "-k", "message.utf8")

    assert {"message.utf8[reference]": "conforms"} == words(ran)
    assert len(load_checks()) - 1 == len(ran.report["not_selected"])
    assert 0 == ran.status
    share = f"1 of {len(load_checks())} checks judged"
    assert f"no violation by {tag('reference')} in the checks that were selected: {share}" in ran.output
    assert "conforms:" not in ran.output


@pytest.mark.parametrize(
    ("options", "ini"),
    [
        ((), "addopts = -k image.platform"),
        (("--image-profile=image", "-k", "image.platform"), ""),
        (("-k", "gpu.visible-devices-not-void"), ""),
    ],
    ids=["addopts", "profile", "nothing judged"],
)
def test_a_selection_that_nobody_typed_or_that_shows_nothing_is_incomplete(
    options: tuple[str, ...], ini: str, tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """A gate never opens by a setting of the project, and one that demands a profile wants the whole of it."""
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{ini}\n")

    ran = conformance(tag("reference"), *options)

    assert 1 == len(ran.report["verdicts"])
    assert 6 == ran.status
    assert "incomplete: " in ran.output


def test_selecting_nothing_keeps_the_status_of_pytest(
    tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """A `-k` that matches nothing is pytest's own 5."""
    ran = conformance(tag("reference"), "-k", "no-such-check")

    assert f"{tag('reference')} was not checked: no check was run" in ran.output
    assert 5 == ran.status


def test_strict_lets_advice_fail(tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """With --image-strict an advice keeps its word, is a failure to pytest, and makes the status 1."""
    image = tag("flawed/model-below-opt-ml")

    lenient = conformance(image)
    strict = conformance(image, "--image-strict")

    assert (0, "advised") == (lenient.status, lenient.verdict("reserved.image-is-empty")["verdict"])
    assert (1, "advised") == (strict.status, strict.verdict("reserved.image-is-empty")["verdict"])
    assert "1 failed" in strict.output
    assert "1 advised" in lenient.output


def test_several_jobs_are_judged_apart(
    tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """Each request is judged by itself, under a name of its own in every report."""
    application = {"ImageUri": "image", "ContainerArguments": ["--exit-code", "3"]}
    other = request(tmp_path / "other.json", ProcessingJobName="three", AppSpecification=application)

    ran = conformance(tag("reference"), *reference_job(), f"--image-job={other}")

    found = words(ran)
    assert "conforms" == found["exit.zero-on-success[reference]"]
    assert "violates" == found["exit.zero-on-success[three]"]
    junit = (ran.report_directory / "junit.xml").read_text(encoding="utf-8")
    assert 'name="zero-on-success[three]"' in junit
    assert 1 == ran.status


def test_xdist_gives_the_same_verdicts(tag: Callable[[str], str], conformance: Callable[..., Ran]) -> None:
    """With -n 2 every verdict and every run is as without, and no job is run twice."""
    image = tag("flawed/swallowed-exit-code")

    alone = conformance(image, *reference_job())
    spread = conformance(image, *reference_job(), *WORKERS)

    assert words(alone) == words(spread)
    assert (alone.status, alone.report["counts"]) == (spread.status, spread.report["counts"])
    assert [run["variation"] for run in alone.report["runs"]] == [run["variation"] for run in spread.report["runs"]]


def test_there_are_no_more_workers_than_jobs(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """None for a single job, unless `--tx` names them or tests of others run beside it."""
    few = (tag("reference"), "-k", "has-command or own")
    other = request(tmp_path / "other.json", ProcessingJobName="other")
    (tmp_path / "test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")

    single = conformance(*few, *reference_job(), "-n", "4")
    several = conformance(*few, *reference_job(), f"--image-job={other}", "-n", "4")
    beside = conformance(*few, "test_own.py", "-n", "2")
    named = conformance(*few, *WORKERS)

    assert [0, 0, 0, 0] == [ran.status for ran in (single, several, beside, named)]
    assert "conformance: -n 4: no workers, since there are no several jobs to distribute\n" in single.output
    assert "workers [" not in single.output
    assert "conformance: -n 4: 2 workers, since one worker has all checks of a job\n" in several.output
    assert "\n2 workers [" in several.output
    assert "\n2 workers [" in beside.output
    assert "\n2 workers [" in named.output


@pytest.mark.parametrize(
    ("arguments", "settings", "environment"),
    [
        (["test_own.py"], "", {}),
        ([], "addopts = test_own.py", {}),
        ([], "", {"PYTEST_ADDOPTS": "test_own.py"}),
    ],
    ids=["an argument", "addopts", "PYTEST_ADDOPTS"],
)
def test_tests_that_are_named_are_collected_beside_the_checks(
    arguments: list[str],
    settings: str,
    environment: dict[str, str],
    tmp_path: Path,
    tag: Callable[[str], str],
    conformance: Callable[..., Ran],
) -> None:
    """And never in their place, whichever way they are named."""
    own_test(tmp_path, settings)

    ran = conformance(tag("reference"), "--collect-only", "-q", *arguments, environment=environment)

    collected = [line.partition("::")[0] for line in ran.output.splitlines() if "::" in line]
    assert "test_own.py" == collected[0]
    assert {f"processing/{check.chapter}" for check in load_checks()} == set(collected[1:])
    assert len(load_checks()) + 1 == len(collected)
    assert f"{tag('reference')} was not checked: no check was run" in ran.output


def test_what_is_left_to_testpaths_is_not_run(
    tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """The checks take their place."""
    own_test(tmp_path, "testpaths = .")

    ran = conformance(tag("reference"), "--collect-only", "-q")

    assert len(load_checks()) == ran.output.count("::")


def test_a_session_of_other_tests_alone_is_incomplete(
    tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """Where no check has a verdict, tests that pass say nothing of the image."""
    own_test(tmp_path, "")

    ran = conformance(tag("reference"), "test_own.py", "-k", "test_own")

    assert f"1 passed, {len(load_checks())} deselected" in ran.output
    assert f"{tag('reference')} was not checked: no check was run" in ran.output
    assert 6 == ran.status
    assert not (ran.report_directory / "report.json").exists()


def test_a_node_id_that_was_printed_can_be_an_argument(
    tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """As it was printed: it selects that check alone, and a chapter all of its checks."""
    ran = conformance(tag("reference"), "processing/image::platform", "processing/logs")

    chapter = {check.id for check in load_checks() if check.chapter == "logs"}
    assert {"image.platform", *chapter} == {verdict["check"] for verdict in ran.report["verdicts"]}
    assert 0 == ran.status


COMMON = "item.fixturenames, item.funcargs, item.function.__doc__, item.module.__name__, item.cls"


@pytest.mark.parametrize(("asked", "status"), [(COMMON, 0), ("item.callspec", 4)])
def test_a_conftest_that_takes_checks_for_functions(
    asked: str, status: int, tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """What is commonly asked they have; anything else is a usage error in one line that names the place."""
    (tmp_path / "conftest.py").write_text(
        f"def pytest_collection_modifyitems(items):\n    for item in items:\n        ({asked})\n", encoding="utf-8"
    )

    ran = conformance(tag("reference"), "--collect-only", "-q")

    told = [line for line in ran.output.splitlines() if line.startswith("ERROR: ")]
    expected = (
        f"ERROR: {tmp_path}/conftest.py:3: expected what every pytest.Item has, but 'CheckItem' object has no "
        "attribute 'callspec' (`isinstance(item, pytest.Function)` tells checks from other tests)"
    )
    assert (status, [expected] if status else []) == (ran.status, told)


def own_test(place: Path, settings: str) -> None:
    """A project with a test of its own that passes, and these settings."""
    (place / "test_own.py").write_text("def test_own():\n    pass\n", encoding="utf-8")
    (place / "pytest.ini").write_text(f"[pytest]\n{settings}\n", encoding="utf-8")


def test_kept_containers_are_named_and_stay(
    tag: Callable[[str], str], conformance: Callable[..., Ran], client: docker.APIClient
) -> None:
    """With --image-keep containers and volumes stay, their names are printed, and later runs leave them alone."""
    ran = conformance(tag("reference"), *reference_job(), "--image-keep")
    names = [line.removeprefix("kept: container ") for line in ran.output.splitlines() if line.startswith("kept: ")]
    kept = [
        (container, volumes.split(", ")) for container, _, volumes in (name.partition(", volumes ") for name in names)
    ]
    runs = {run["variation"] for run in ran.report["runs"]}
    conformance(tag("reference"))

    try:
        # A run that another one stands for has no container of its own.
        assert len(runs) == len(kept)
        assert all(client.inspect_container(container)["State"]["Status"] == "exited" for container, _ in kept)
    finally:
        for container, volumes in kept:
            client.remove_container(container, v=True)
            for volume in volumes:
                client.remove_volume(volume)


def test_files_are_listed_once(tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path) -> None:
    """Below the user's cache directory there is a list then, and the verdicts are the same; or none where none may be.

    A list that says something else is believed, which shows that the second session had no other.
    """
    lists = tmp_path / "cache/processing-conformance/files"

    def judged(*options: str) -> dict[str, str]:
        home = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
        ran = conformance(tag("reference"), "-k", "launch", *options, environment=home)
        return {verdict["check"]: verdict["verdict"] for verdict in ran.report["verdicts"]}

    without = judged("--image-no-cache")
    assert not lists.exists()
    assert judged() == without
    (path,) = lists.iterdir()
    assert judged() == without
    path.write_bytes(gzip.compress(b'{"files": [], "documents": {}, "forward_compatible": []}'))
    assert judged() != without


BAD_INPUT: dict[str, tuple[Callable[[Path], list[str]], str]] = {
    "job that is not there": (
        lambda here: [f"--image-job={here / 'none.json'}"],
        "none.json: cannot be read: No such file or directory",
    ),
    "job that is not JSON": (
        lambda here: [f"--image-job={written(here, '{')}"],
        "job.json: not valid JSON: Expecting property name enclosed in double quotes at line 1, column 2",
    ),
    "job of an unset variable": (
        lambda _: ["--image-job="],
        "--image-job: expected a file, got an empty string; is a variable unset?",
    ),
    "job that breaks a limit": (
        lambda here: [f"--image-job={request(here / 'job.json', ProcessingJobName='x' * 64)}"],
        "job.json: ProcessingJobName: expected at most 63 characters, got 64",
    ),
    "job without its S3": (
        lambda _: [f"--image-job={REFERENCE_JOB}"],
        "not found; pass --image-s3=DIR",
    ),
    "S3 without the object": (
        lambda here: [f"--image-job={REFERENCE_JOB}", f"--image-s3={here}"],
        "no object matches s3://",
    ),
    "S3 with a name that is not UTF-8": (
        lambda here: [f"--image-job={REFERENCE_JOB}", f"--image-s3={with_latin_1(here)}"],
        r"/caf\udce9' has a name that is not UTF-8, but S3 keys are",
    ),
    "S3 that is a file": (
        lambda here: [f"--image-s3={written(here, '')}"],
        "job.json' is not a directory",
    ),
    "report in a file": (
        lambda here: [f"--image-report={written(here, '')}"],
        "/job.json cannot be written to: File exists",
    ),
    "time limit of zero": (
        lambda _: ["--image-timeout=0"],
        "--image-timeout: expected a number of seconds above 0 and below 86400, got 0",
    ),
    "the same job twice": (
        lambda _: [f"--image-job={REFERENCE_JOB}"] * 2 + [f"--image-s3={REFERENCE_S3}"],
        "--image-job: expected each ProcessingJobName to be unique, got 'reference' 2 times",
    ),
    "no hosts": (
        lambda _: [*reference_job(), "--image-hosts=0"],
        "--image-hosts: expected a number from 1 to 100, got 0",
    ),
    "more hosts than a job may have": (
        lambda _: [*reference_job(), "--image-hosts=101"],
        "--image-hosts: expected a number from 1 to 100, got 101",
    ),
    "a script of another language": (
        lambda _: ["--image-script=Rscript"],
        "--image-script: expected a Python or a shell, got 'Rscript'",
    ),
    "a script beside a job": (
        lambda here: ["--image-script", f"--image-s3={here}"],
        "--image-script: expected no --image-job or --image-s3, since the suite has a job of its own",
    ),
    "hosts without a job": (
        lambda _: ["--image-hosts=2"],
        "--image-hosts: expected a job, but there is none (pass --image-job=FILE)",
    ),
    "a profile without a job": (
        lambda _: ["--image-profile=processing"],
        (
            "--image-profile=processing: expected a job, but the profile of this session is image "
            "(pass --image-job=FILE)"
        ),
    ),
    "network that is not there": (
        lambda _: ["--image-network=nobodys-network"],
        (
            "--image-network: expected the name of a Docker network, but there is no 'nobodys-network' "
            "(`docker network ls` lists them)"
        ),
    ),
    "network without a name": (
        lambda _: ["--image-network="],
        "--image-network: expected the name of a Docker network, got an empty string",
    ),
    "a GPU of another kind": (
        lambda _: ["--image-gpu=amd"],
        "--image-gpu: expected one of auto, require, simulated, got 'amd'",
    ),
    "a GPU without a job": (
        lambda _: ["--image-gpu=simulated"],
        "--image-gpu=simulated: expected a job, but there is none (pass --image-job=FILE)",
    ),
    "manifest that is not there": (
        lambda here: [
            f"--image-job={changed_input(here, S3Uri='s3://bucket/list', S3DataType='ManifestFile')}",
            f"--image-s3={REFERENCE_S3}",
        ],
        "ProcessingInputs[0].S3Input.S3Uri: manifest s3://bucket/list not found",
    ),
    "place that is not run": (
        lambda here: [f"--image-job={changed_input(here, S3Uri='https://bucket/key')}"],
        "S3Uri: expected s3://bucket/prefix, got 'https://bucket/key', which is not supported locally (a limitation of",
    ),
}


def changed_input(here: Path, **members: str) -> Path:
    """The reference's request with these members in its first input."""
    inputs = json.loads(REFERENCE_JOB.read_text(encoding="utf-8"))["ProcessingInputs"]
    inputs[0]["S3Input"] |= members
    return request(here / "job.json", ProcessingInputs=inputs)


def written(here: Path, text: str) -> Path:
    """A file of that text."""
    path = here / "job.json"
    path.write_text(text, encoding="utf-8")
    return path


def with_latin_1(here: Path) -> Path:
    """The reference's S3, and beside its input a file with a name in Latin-1."""
    copy = shutil.copytree(REFERENCE_S3, here / "s3")
    Path(os.fsdecode(os.fsencode(copy / "conformance-fixtures/reference/documents") + b"/caf\xe9")).touch()
    return copy


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_is_told_in_a_line(
    case: str, tmp_path: Path, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """Bad input is exit status 4 and an error that says what was expected; no check is run."""
    arguments, expected = BAD_INPUT[case]

    ran = conformance(tag("reference"), *arguments(tmp_path))

    assert 4 == ran.status
    assert ran.output.startswith("ERROR: "), ran.output
    assert expected in ran.output
    assert not list(tmp_path.glob("conformance-report/*"))


def test_image_that_is_not_there(conformance: Callable[..., Ran]) -> None:
    """An image that is neither here nor to be pulled is exit status 4 and a line with a hint."""
    ran = conformance("conformance/no-such-image")

    assert 4 == ran.status
    assert ran.output.startswith("ERROR: --image: 'conformance/no-such-image' not found locally and cannot be pulled")
    assert "`docker image ls` lists local images" in ran.output


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("tcp://127.0.0.1:1", "cannot connect to the Docker Engine at tcp://127.0.0.1:1: Connection refused"),
        (
            "unix:///nowhere.sock",
            "cannot connect to the Docker Engine at unix:///nowhere.sock: No such file or directory",
        ),
    ],
)
def test_engine_that_does_not_answer(address: str, cause: str, conformance: Callable[..., Ran]) -> None:
    """A DOCKER_HOST that is dead is exit status 4 and one line with a hint."""
    ran = conformance("conformance/reference", environment={"DOCKER_HOST": address})

    assert 4 == ran.status
    assert (
        f"ERROR: {cause} (the address is from DOCKER_HOST; start that engine, or unset DOCKER_HOST)"
        == ran.output.strip()
    )


@pytest.mark.parametrize(
    ("address", "cause"),
    [
        ("tcp://h:abc", "Port could not be cast to integer value as 'abc' (the address is from DOCKER_HOST; "),
        ("tcp://", "Invalid bind address format: tcp:// (the address is from DOCKER_HOST; "),
        (
            "ssh://nowhere",
            "paramiko is not installed (install it with `pip install 'sagemaker-processing-conformance[ssh]'`)",
        ),
    ],
)
def test_address_that_leads_nowhere(address: str, cause: str, conformance: Callable[..., Ran]) -> None:
    """A DOCKER_HOST that is no address, or needs a library, is exit status 4 and one line with a hint."""
    ran = conformance("conformance/reference", environment={"DOCKER_HOST": address})

    assert 4 == ran.status
    assert ran.output.strip().startswith(f"ERROR: cannot connect to the Docker Engine at {address}: {cause}")
    assert 1 == len(ran.output.strip().splitlines())
