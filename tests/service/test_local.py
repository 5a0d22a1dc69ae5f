"""The service on a real engine: what a container finds, and what becomes of what it leaves."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.errors import JobError
from conformance.files.tree import Kind
from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, JobStatus
from conformance.outcome.record import EMPTY, OVERWRITTEN
from conformance.outcome.trace import UNENDED
from conformance.service import engine, inspection
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from tests.service.test_leftovers import anonymous_volumes
from tests.support.jobs import CODE, build, job, run_code, seen, write

pytestmark = pytest.mark.engine

WITNESS = """
import json, os, socket, sys
tree = {path: [oct(os.lstat(path).st_mode & 0o7777), os.lstat(path).st_uid]
        for place, folders, files in os.walk("/opt/ml") for path in
        [place, *(os.path.join(place, name) for name in files)]}
print(json.dumps({
    "argv": sys.argv[1:], "environment": dict(os.environ), "cwd": os.getcwd(), "uid": os.getuid(), "tree": tree,
    "stdin": os.readlink("/proc/self/fd/0"), "tty": sys.stdout.isatty(), "hostname": socket.gethostname(),
    "names": {name: socket.gethostbyname(name) for name in ("algo-1", socket.gethostname())},
    "shm": os.statvfs("/dev/shm").f_blocks * os.statvfs("/dev/shm").f_frsize,
    "documents": {name: open("/opt/ml/config/" + name).read() for name in os.listdir("/opt/ml/config")},
    "interfaces": [name for _, name in socket.if_nameindex()],
}))
"""


@pytest.fixture(name="service")
def _service(reached: engine.Engine, tmp_path: Path) -> Iterator[LocalService]:
    """A service over the objects that a test writes below `tmp_path/bucket`."""
    service = LocalService(reached, ObjectTree(tmp_path), Settings(stop_grace_seconds=3))
    yield service
    service.close()


def test_container_finds_what_the_contract_promises(service: LocalService, image: Image, tmp_path: Path) -> None:
    """Documents, environment, names, streams and /dev/shm are as the contract and the settings say."""
    request = job(outputs=("a",), Environment={"MODE": "test", "EMPTY": "", "ODD": "a$HOME\n'\"=é"})

    found = seen(run_code(service, image, tmp_path, WITNESS, request, "--x"))

    given_environment = {name: found["environment"][name] for name in ("MODE", "EMPTY", "ODD", "AWS_REGION")}
    assert {"MODE": "test", "EMPTY": "", "ODD": "a$HOME\n'\"=é", "AWS_REGION": "us-east-1"} == given_environment
    assert {"current_host": "algo-1", "hosts": ["algo-1"]} == json.loads(found["documents"]["resourceconfig.json"])
    assert ["--x"] == json.loads(found["documents"]["processingjobconfig.json"])["AppSpecification"][
        "ContainerArguments"
    ]
    assert (image.working_directory, 0, "/dev/null", False) == (
        found["cwd"],
        found["uid"],
        found["stdin"],
        found["tty"],
    )
    assert "algo-1" != found["hostname"]
    assert {"127.0.0.1"} == set(found["names"].values())
    assert 64 << 20 == found["shm"]
    assert ["lo"] == found["interfaces"]


def test_inputs_arrive_without_modes_and_outputs_exist(service: LocalService, image: Image, tmp_path: Path) -> None:
    """Files are 0644 and directories 0755, root's; nested keys keep their folders; an output's directory is there."""
    write(tmp_path, "bucket/code/a/b/c d.txt", "x")
    (tmp_path / "bucket/code/a/b/c d.txt").chmod(0o777)

    found = seen(run_code(service, image, tmp_path, WITNESS, job(outputs=("a",))))["tree"]

    assert {f"{CODE}/a/b/c d.txt", "/opt/ml/processing/output/a", "/opt/ml/output"} <= set(found)
    directories = {path: mode for path, (mode, _) in found.items() if not path.endswith((".py", ".txt", ".json"))}
    assert {"0o755"} == set(directories.values())
    assert {"0o644"} == {mode for path, (mode, _) in found.items() if path not in directories}
    assert {0} == {owner for _, owner in found.values()}


def test_image_files_below_opt_ml_are_hidden(
    service: LocalService, reached: engine.Engine, tmp_path: Path, tag: Callable[[str], str]
) -> None:
    """/opt/ml is a fresh volume: what the image ships there is gone, as 'reserved' means."""
    shipping = inspection.find(reached, tag("flawed/model-below-opt-ml"))

    found = seen(run_code(service, shipping, tmp_path, WITNESS, job()))

    assert not [path for path in found["tree"] if path.startswith("/opt/ml/model")]


@pytest.fixture(name="echo", scope="module")
def _echo(reached: engine.Engine, tag: Callable[[str], str]) -> Iterator[Image]:
    """An image whose ENTRYPOINT prints its arguments as JSON, and which has a CMD."""
    tag("reference")
    program = "import json,sys;print(json.dumps(sys.argv[1:]))"
    entrypoint = json.dumps(["python3", "-c", program, "entrypoint"])
    name = build(reached.client, f"echo-{threading.get_native_id()}", f"ENTRYPOINT {entrypoint}", 'CMD ["cmd"]')
    yield inspection.find(reached, name)
    reached.client.remove_image(name)


OWN = ["python3", "-c", "import json,sys;print(json.dumps(sys.argv[1:]))", "own"]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, ["entrypoint", "cmd"]),
        ({"ContainerArguments": ["a", "b"]}, ["entrypoint", "a", "b"]),
        ({"ContainerEntrypoint": OWN}, ["own"]),
        ({"ContainerEntrypoint": OWN, "ContainerArguments": ["a", "b"]}, ["own", "a", "b"]),
    ],
)
def test_the_four_combinations_of_overrides(
    overrides: dict[str, list[str]], expected: list[str], service: LocalService, echo: Image, tmp_path: Path
) -> None:
    """What runs is what the table of the contract's page says for each combination."""
    write(tmp_path, "bucket/code/x", "")
    request = job(AppSpecification={"ImageUri": "image", **overrides})

    (host,) = service.run(echo, request, Variation.AS_REQUESTED).hosts

    assert expected == json.loads(host.stdout.text)
    assert tuple(expected[1:]) == host.argv[len(host.argv) - len(expected) + 1 :]


argument = st.text(
    st.characters(codec="utf-8", exclude_characters="\0\n\r\u0085\u2028\u2029"), min_size=1, max_size=256
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(arguments=st.lists(argument, min_size=1, max_size=100))
def test_arguments_arrive_verbatim(arguments: list[str], service: LocalService, echo: Image, tmp_path: Path) -> None:
    """Any legal list of ContainerArguments reaches the program letter by letter and in order."""
    write(tmp_path, "bucket/code/x", "")
    request = job(AppSpecification={"ImageUri": "image", "ContainerArguments": arguments})

    (host,) = service.run(echo, request, Variation.AS_REQUESTED).hosts

    assert ["entrypoint", *arguments] == json.loads(host.stdout.text)


def test_streams_are_kept_apart_and_the_exit_code_fails_the_job(
    service: LocalService, image: Image, tmp_path: Path
) -> None:
    """Both streams are told apart, whatever their bytes; another exit code than 0 makes the job Failed."""
    code = "import os; os.write(1, b'out\\n'); os.write(2, b'err\\xff\\0\\n'); os._exit(7)"

    outcome = run_code(service, image, tmp_path, code, job(outputs=("a",)))

    (host,) = outcome.hosts
    assert ("out\n", "err\\xff\0\n") == (host.stdout.text, host.stderr.text)
    assert (JobStatus.FAILED, "AlgorithmError: , exit code: 7") == (outcome.status, outcome.failure_reason)
    assert () == outcome.uploads


def test_outputs_are_uploaded_and_links_are_not(service: LocalService, image: Image, tmp_path: Path) -> None:
    """Every regular file of an output is uploaded below its S3Uri; links and FIFOs are seen but not followed."""
    code = """
import os
os.chdir("/opt/ml/processing/output/a")
os.makedirs("deep/er")
open("deep/er/file", "w").write("12345")
os.link("deep/er/file", "hard")
os.symlink("deep/er/file", "link")
os.symlink("/etc", "folder")
os.symlink("nowhere", "dangling")
os.mkfifo("fifo")
os.link("/opt/ml/processing/input/code/main.py", "program")
os.link("hard", "/opt/ml/output/message")
open("/opt/ml/processing/output/elsewhere", "w").write("x")
"""
    outcome = run_code(service, image, tmp_path, code, job(outputs=("a", "b")))

    (host,) = outcome.hosts
    kinds = {file.path.rpartition("/")[2]: file.kind for file in outcome.written(host, outcome.request.outputs[0])}
    assert {"file", "hard", "link", "folder", "dangling", "fifo", "program"} == set(kinds)
    assert {Kind.SYMLINK} == {kinds[name] for name in ("link", "folder", "dangling")}
    assert Kind.FIFO == kinds["fifo"]
    # Of several names of one file an archive holds the content once; each of them is a file to S3.
    sizes = {upload.uri.removeprefix("s3://bucket/out/a/"): upload.size for upload in outcome.uploads}
    assert {"deep/er/file": 5, "hard": 5, "program": len(code)} == sizes
    assert (JobStatus.COMPLETED, "12345") == (outcome.status, outcome.exit_message)


def test_volume_of_the_image_below_an_output_swallows_what_is_written_there(
    service: LocalService, reached: engine.Engine, tmp_path: Path, tag: Callable[[str], str]
) -> None:
    """What lies in a VOLUME strictly below an output is not uploaded, and the volume does not stay."""
    tag("reference")
    name = build(reached.client, f"volume-{threading.get_native_id()}", "VOLUME /opt/ml/processing/output/a/inner")
    before = anonymous_volumes(reached.client)
    code = "open('/opt/ml/processing/output/a/inner/lost','w').write('x')\nopen('/opt/ml/processing/output/a/kept','w')"

    outcome = run_code(service, inspection.find(reached, name), tmp_path, code, job(outputs=("a",)))

    reached.client.remove_image(name)
    assert ["s3://bucket/out/a/kept"] == [upload.uri for upload in outcome.uploads]
    deadline = time.monotonic() + 60
    while not anonymous_volumes(reached.client) <= before:
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("content", "message", "status"),
    [
        (b"done \xc3\xa9", "done é", JobStatus.COMPLETED),
        (b"x" * 1023 + "é".encode(), "x" * 1023, JobStatus.COMPLETED),
        (b"\xff", None, JobStatus.FAILED),
    ],
)
def test_message_becomes_exit_message(
    content: bytes, message: str | None, status: JobStatus, service: LocalService, image: Image, tmp_path: Path
) -> None:
    """The message is cut to 1 KB on a character; one that is not UTF-8 fails the job though it exited 0."""
    code = f"open('/opt/ml/output/message','wb').write({content!r})"

    outcome = run_code(service, image, tmp_path, code, job())

    assert (message, status) == (outcome.exit_message, outcome.status)
    assert (outcome.failure_reason or "ClientError:").startswith("ClientError:")


RECORD = "import os; record = '/.conformance/record'; old = open(record, 'rb').read(); "


@pytest.mark.parametrize(
    "code",
    [
        "import shutil; shutil.rmtree('/.conformance')",
        RECORD + """open(record, 'a').write('{"event":"fork"}\\n')""",
        RECORD + "open(record, 'w')",
        RECORD + "open(record, 'r+b').write(old.replace(b'python3', b'python4'))",
        RECORD + "open(record, 'r+b').write(old.splitlines(True)[-1])",
        RECORD + "open(record, 'wb').write(b'{' * (100 << 20))",
        RECORD + "os.remove(record); open(record, 'wb').write(old)",
        RECORD + "os.remove(record); os.mkdir(record)",
        RECORD + "os.remove(record); os.symlink(record, record)",
        RECORD + "os.remove(record); os.mkfifo(record)",
    ],
    ids=[
        *("removed", "appended", "emptied", "replaced", "reordered", "huge", "another file", "a directory", "a loop"),
        "a FIFO",
    ],
)
def test_program_that_spoils_the_record_is_run_all_the_same(
    code: str, service: LocalService, image: Image, tmp_path: Path
) -> None:
    """The trace says that the record cannot be believed to its end, and everything else of the outcome is there."""
    outcome = run_code(service, image, tmp_path, f"{code}; print('done')", job())
    host = outcome.hosts[0]
    assert host.trace is not None

    assert (JobStatus.COMPLETED, 0) == (outcome.status, host.exit_code)
    assert host.untraced in {OVERWRITTEN, EMPTY, UNENDED}


def test_max_runtime_stops_the_job(service: LocalService, image: Image, tmp_path: Path) -> None:
    """At MaxRuntimeInSeconds the container gets SIGINT, may still write its message, and the job is Stopped."""
    code = """
import signal, sys, time
def stop(number, frame):
    open("/opt/ml/output/message", "w").write(f"stopped by {number}")
    sys.exit(0)
signal.signal(signal.SIGINT, stop)
print("ready", flush=True)
time.sleep(60)
"""
    outcome = run_code(service, image, tmp_path, code, job(StoppingCondition={"MaxRuntimeInSeconds": 2}))

    (host,) = outcome.hosts
    assert (End.MAX_RUNTIME, 0, "ready\n") == (host.end, host.exit_code, host.stdout.text)
    assert (JobStatus.STOPPED, "stopped by 2") == (outcome.status, outcome.exit_message)


def test_program_that_ignores_the_stop_is_killed(service: LocalService, image: Image, tmp_path: Path) -> None:
    """A program that ignores SIGINT is ended by SIGKILL after the grace, and what it had logged is kept."""
    code = "import signal,time; signal.signal(2, signal.SIG_IGN); print('ready', flush=True); time.sleep(60)"

    outcome = run_code(service, image, tmp_path, code, job(StoppingCondition={"MaxRuntimeInSeconds": 2}))

    (host,) = outcome.hosts
    assert (End.MAX_RUNTIME, 137, "ready\n") == (host.end, host.exit_code, host.stdout.text)


def test_time_limit_of_the_suite_is_told_from_the_job_s(reached: engine.Engine, image: Image, tmp_path: Path) -> None:
    """Where MaxRuntimeInSeconds is longer than the suite waits, the outcome says which of the two it was."""
    settings = Settings(time_limit_seconds=1, stop_grace_seconds=1)
    with contextlib.closing(LocalService(reached, ObjectTree(tmp_path), settings)) as service:
        outcome = run_code(service, image, tmp_path, "import time; time.sleep(60)", job())

    assert End.SUITE_LIMIT == outcome.hosts[0].end


def test_out_of_memory_is_the_client_s_error(reached: engine.Engine, image: Image, tmp_path: Path) -> None:
    """A container that the kernel killed for its memory fails the job with the service's own words for it."""
    little = 64 << 20
    settings = Settings(memory_fraction=little / reached.memory_bytes)
    with contextlib.closing(LocalService(reached, ObjectTree(tmp_path), settings)) as service:
        outcome = run_code(service, image, tmp_path, "x = bytearray(1 << 30); print(len(x))", job())

    assert outcome.hosts[0].out_of_memory
    assert JobStatus.FAILED == outcome.status
    assert (outcome.failure_reason or "").startswith("ClientError: Please use an instance type with more memory")


def test_empty_inputs_are_empty_directories(service: LocalService, image: Image, tmp_path: Path) -> None:
    """In the run with empty inputs each LocalPath is there, and nothing is in it."""
    write(tmp_path, "bucket/code/data", "x")
    program = f"import os; print(os.listdir({CODE!r}))"
    request = job(AppSpecification={"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", program]})

    full = service.run(image, request, Variation.AS_REQUESTED)
    empty = service.run(image, request, Variation.EMPTY_INPUTS)

    assert ("['data']\n", "[]\n") == (full.hosts[0].stdout.text, empty.hosts[0].stdout.text)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"ContainerEntrypoint": ["/no/such/program"]}, "/no/such/program"),
        ({"ContainerEntrypoint": ["/etc/passwd"]}, "permission denied"),
    ],
)
def test_program_that_cannot_be_started_is_the_image_s_matter(
    changes: dict[str, list[str]], reason: str, service: LocalService, image: Image, tmp_path: Path
) -> None:
    """A start that the engine refuses because of the program is an outcome and no trouble of the suite."""
    write(tmp_path, "bucket/code/x", "")

    outcome = service.run(image, job(AppSpecification={"ImageUri": "image", **changes}), Variation.AS_REQUESTED)

    assert not outcome.hosts[0].started
    assert reason in outcome.hosts[0].start_error.lower()
    assert JobStatus.FAILED == outcome.status


def test_file_at_opt_ml_is_the_image_s_matter(
    service: LocalService, reached: engine.Engine, tmp_path: Path, tag: Callable[[str], str]
) -> None:
    """An image with a file at /opt/ml cannot be given its volume, which is an outcome too."""
    tag("reference")
    line = """RUN python3 -c "import os; os.makedirs('/opt', exist_ok=True); open('/opt/ml', 'w')\""""
    name = build(reached.client, f"file-{threading.get_native_id()}", line)

    outcome = run_code(service, inspection.find(reached, name), tmp_path, "", job())

    reached.client.remove_image(name)
    assert "not a directory" in outcome.hosts[0].start_error


def test_objects_that_cannot_lie_beside_each_other_are_trouble_of_the_request(
    service: LocalService, image: Image, tmp_path: Path
) -> None:
    """Two objects of which one would be a directory and a file at once are an error, not a verdict."""
    write(tmp_path, "bucket/code/a", "")
    write(tmp_path, "bucket/code-more/a", "")
    both = job().document["ProcessingInputs"][0]
    nested = {
        "InputName": "more",
        "S3Input": {**both["S3Input"], "S3Uri": "s3://bucket/code-more", "LocalPath": f"{CODE}/a"},
    }

    with pytest.raises(JobError, match="cannot be put below"):
        service.run(image, job(ProcessingInputs=[both, nested]), Variation.AS_REQUESTED)


def test_closing_ends_a_run(service: LocalService, image: Image, tmp_path: Path) -> None:
    """A run in another thread ends with an error once the service is closed, and nothing of it stays."""
    caught: list[BaseException] = []

    def run() -> None:
        try:
            run_code(service, image, tmp_path, "import time; time.sleep(60)", job())
        except JobError as error:
            caught.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    client = service._engine.client
    filters = {"label": f"conformance.run={service.run_id}", "status": "running"}
    deadline = time.monotonic() + 30
    while not client.containers(filters=filters):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    service.close()
    thread.join(timeout=30)

    assert not thread.is_alive()
    assert 1 == len(caught)
    assert not client.containers(all=True, filters={"label": f"conformance.run={service.run_id}"})


def test_image_is_read_as_it_is(service: LocalService, image: Image) -> None:
    """The listing has files, links and modes of the image, and the head of its programs."""
    read = service.read_files(image)

    assert replace(read, files=image.files, documents={}, forward_compatible=frozenset()) == image
    python = read.executable("python3").file
    assert python is not None
    assert b"\x7fELF" == python.head[:4]
    assert read.documents["/etc/passwd"].startswith(b"root:")
    assert "/.dockerenv" not in read.files.entries
