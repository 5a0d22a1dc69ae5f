"""`processing-conformance run` as users type it, with real images on a real engine."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import docker
import pytest

from conformance.aws.credentials import NOBODYS_KEY, signed
from tests.conftest import ROOT, clean_environment
from tests.support.jobs import CODE, job, write
from tests.support.leftovers import owned_by

PROGRAM = Path(sys.executable).parent / "processing-conformance"
SKLEARN = ROOT / "fixtures/sklearn"
WORDCOUNT = ROOT / "fixtures/wordcount"
SIGNED = signed(NOBODYS_KEY, "us-east-1", "s3")


def begin(here: Path, *arguments: str | Path, variables: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Begin the program in a directory, with further variables."""
    return subprocess.Popen(
        # What is started in the background of a shell ignores SIGINT, and so would all that it starts.
        ["env", "--default-signal=INT", PROGRAM, *map(str, arguments)],
        cwd=here,
        env=clean_environment() | dict(variables or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(program: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Its exit status, what was said by the job, and what by itself."""
    out, error = program.communicate()
    return program.returncode, out, error


def run(here: Path, *arguments: str | Path) -> tuple[int, str, str]:
    """Run it to its end."""
    return end(begin(here, *arguments))


def script(here: Path, code: str, *, outputs: Sequence[str] = ("a",), hosts: int = 1, **members: Any) -> list[str]:  # noqa: ANN401 - members of the request
    """The arguments that run a program of the test's own in the reference image."""
    write(here, "s3/bucket/code/main.py", code)
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-u", f"{CODE}/main.py"]}
    request = job(outputs=tuple(outputs), AppSpecification=application, **members).on_hosts(hosts)
    write(here, "job.json", json.dumps(request.document))
    return ["run", "--image=conformance/reference", "--job=job.json", "--s3=s3"]


@pytest.fixture(name="nothing_is_left")
def _nothing_is_left(client: docker.APIClient, tag: Callable[[str], str]) -> Callable[[int], None]:
    """Says that a process has left nothing on the engine; the reference is there."""
    tag("reference")

    def check(process: int) -> None:
        assert [] == owned_by(client, process)

    return check


def files(directory: Path) -> dict[str, str]:
    """The files below a directory, by path."""
    return {str(path.relative_to(directory)): path.read_text() for path in directory.rglob("*") if path.is_file()}


@pytest.mark.engine
def test_a_job_of_one_host_writes_its_outputs(tmp_path: Path, tag: Callable[[str], str]) -> None:
    """The log is all of stdout; status, message and outputs are told beside it."""
    image = tag("examples/sklearn")

    status, out, error = run(
        tmp_path, "run", f"--image={image}", f"--job={SKLEARN}/job.json", f"--s3={SKLEARN}/s3", "--output=out"
    )

    assert 0 == status
    assert "wrote 142 rows to /opt/ml/processing/output/train/train.csv" in out.splitlines()
    assert not [line for line in out.splitlines() if " | " in line]
    assert "job sklearn: Completed after " in error
    assert "ExitMessage: 142 rows to train, 36 rows to test\n" in error
    place = tmp_path / "out/conformance-fixtures/sklearn/output"
    found = files(place)
    assert {"train/train.csv": 142, "test/test.csv": 36} == {
        name: len(content.splitlines()) - 1 for name, content in found.items()
    }


@pytest.mark.engine
def test_a_job_of_three_hosts_says_which_of_them_speaks(tmp_path: Path, tag: Callable[[str], str]) -> None:
    """Every line begins with its host, and all hosts' outputs are there."""
    image = tag("examples/wordcount")

    status, out, error = run(
        tmp_path, "run", f"--image={image}", f"--job={WORDCOUNT}/job.json", f"--s3={WORDCOUNT}/s3", "--output=out"
    )

    assert 0 == status
    assert {"algo-1", "algo-2", "algo-3"} == {line.partition(" | ")[0] for line in out.splitlines()}
    assert "words: 17628" in error
    assert {f"counts-algo-{number}.csv" for number in (1, 2, 3)} < {
        path.name for path in (tmp_path / "out").rglob("*.*")
    }


@pytest.mark.engine
def test_what_a_job_puts_into_s3_by_itself_is_kept(tmp_path: Path, tag: Callable[[str], str]) -> None:
    """Beside the outputs that it declares, of which it has none."""
    image = tag("examples/s3")
    job_file, tree = ROOT / "images/examples/s3/job.json", ROOT / "fixtures/reference/s3"

    status, out, error = run(
        tmp_path, "run", f"--image={image}", f"--job={job_file}", f"--s3={tree}", "--output=out", "--aws"
    )

    assert (0, "2 tables, 1 columns\n") == (status, out)
    assert "AWS: s3:GetObject 200, 2 times\n" in error
    assert {"conformance-fixtures/s3/output/sums.csv": ",0\ntemperature,51.5\n"} == files(tmp_path / "out")


@pytest.mark.engine
def test_an_object_whose_key_leads_elsewhere_is_no_file(tmp_path: Path, nothing_is_left: Callable[[int], None]) -> None:
    """It is told, the others are kept, and one that the job removed again is not there."""
    code = f"""
import os, urllib.request
def call(key, method):
    url = os.environ["AWS_ENDPOINT_URL"] + "/bucket/" + key
    request = urllib.request.Request(url, method=method, data=b"x", headers={SIGNED})
    urllib.request.urlopen(request).close()
call("%2e%2e/%2e%2e/escaped", "PUT")
call("kept/x.txt", "PUT")
call("removed", "PUT")
call("removed", "DELETE")
"""
    program = begin(tmp_path, *script(tmp_path, code, outputs=()), "--aws")

    status, _, error = end(program)

    assert 0 == status, error
    assert "'s3://bucket/../../escaped' cannot be written" in error
    assert "AWS: the job put 1 object into S3 by itself, kept beside its outputs\n" in error
    assert {"bucket/code/main.py", "bucket/kept/x.txt"} == set(files(tmp_path / "s3"))
    assert {"job.json", "s3"} == {path.name for path in tmp_path.iterdir()}
    nothing_is_left(program.pid)


@pytest.mark.engine
def test_a_failed_job_says_why(tmp_path: Path, nothing_is_left: Callable[[int], None]) -> None:
    """Exit status 1, the reason, and no outputs."""
    code = "import sys; open('/opt/ml/processing/output/a/x', 'w'); sys.exit(7)"
    program = begin(tmp_path, *script(tmp_path, code))

    status, _, error = end(program)

    assert (1, True) == (status, "FailureReason: AlgorithmError: , exit code: 7\n" in error)
    assert not (tmp_path / "s3/bucket/out").exists()
    nothing_is_left(program.pid)


@pytest.mark.engine
def test_outputs_go_into_the_tree_of_the_inputs_by_default(tmp_path: Path, tag: Callable[[str], str]) -> None:
    """So a second job can read what the first one wrote; what was there is replaced."""
    tag("reference")
    arguments = script(tmp_path, "open('/opt/ml/processing/output/a/x', 'w').write('new')")
    write(tmp_path, "s3/bucket/out/a/x", "old")

    status, _, error = run(tmp_path, *arguments)

    assert (0, "new") == (status, (tmp_path / "s3/bucket/out/a/x").read_text())
    assert "output a: 1 file, 3 bytes, below s3/bucket/out/a\n" in error
    assert {"bucket"} == {path.name for path in (tmp_path / "s3").iterdir()}


@pytest.mark.engine
def test_a_log_steers_no_terminal(tmp_path: Path, tag: Callable[[str], str]) -> None:
    """Controls and what a CI service would obey are shown as escapes; the end of an unfinished line is shown too."""
    tag("reference")
    code = "import os; os.write(1, b'\\x1b[2J\\xff\\r\\n::error::no\\nunfinished')"

    _, out, _ = run(tmp_path, *script(tmp_path, code))

    assert "\\x1b[2J\\xff\n\\x3a:error::no\nunfinished\n" == out


@pytest.mark.engine
def test_locale_without_a_letter_shows_an_escape(
    tmp_path: Path, tag: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the job goes on."""
    tag("reference")
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")

    status, out, _ = run(tmp_path, *script(tmp_path, "import os; os.write(1, 'é'.encode())"))

    assert (0, "\\xe9\n") == (status, out)


SLEEPING = """
import signal, sys, time
signal.signal(signal.SIGINT, {handler})
open("/opt/ml/processing/output/a/x", "w").close()
print("ready")
while True: time.sleep(1)
"""
CAUGHT = "lambda *_: (print('caught'), sys.exit(0))"
IGNORED = "signal.SIG_IGN"


@pytest.mark.engine
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_stops_the_job(number: signal.Signals, tmp_path: Path, nothing_is_left: Callable[[int], None]) -> None:
    """The program gets SIGINT, as from StopProcessingJob; exit status 3, no outputs, and nothing is left."""
    program = begin(tmp_path, *script(tmp_path, SLEEPING.format(handler=CAUGHT)))
    assert program.stdout is not None
    assert "ready\n" == program.stdout.readline()
    program.send_signal(number)

    status, out, error = end(program)

    assert (3, "caught\n") == (status, out)
    assert f"{number.name}: stopping the job by SIGINT, and by SIGKILL after 10 s" in error
    assert "job job: Stopped after " in error
    assert not (tmp_path / "s3/bucket/out").exists()
    nothing_is_left(program.pid)


@pytest.mark.engine
def test_grace_ends(tmp_path: Path, nothing_is_left: Callable[[int], None]) -> None:
    """A program that ignores the signal is killed when the grace is over."""
    program = begin(tmp_path, *script(tmp_path, SLEEPING.format(handler=IGNORED)), "--grace=1")
    assert program.stdout is not None
    program.stdout.readline()
    program.send_signal(signal.SIGINT)

    status, _, error = end(program)

    assert (3, True) == (status, "job job: Stopped after " in error)
    nothing_is_left(program.pid)


@pytest.mark.engine
def test_second_signal_does_not_wait_for_the_grace(tmp_path: Path, nothing_is_left: Callable[[int], None]) -> None:
    """It kills all hosts at once."""
    code = SLEEPING.format(handler=IGNORED)
    program = begin(tmp_path, *script(tmp_path, code, hosts=2), "--grace=80000")
    assert program.stdout is not None
    assert program.stderr is not None
    assert {"algo-1 | ready\n", "algo-2 | ready\n"} == {program.stdout.readline() for _ in range(2)}
    program.send_signal(signal.SIGINT)
    assert "another signal kills it at once" in program.stderr.readline()
    program.send_signal(signal.SIGINT)

    status, _, error = end(program)

    assert (3, "job job: Stopped, killed\n") == (status, error)
    nothing_is_left(program.pid)


@pytest.mark.engine
def test_time_of_the_request_stops_the_job(tmp_path: Path, tag: Callable[[str], str]) -> None:
    """MaxRuntimeInSeconds is the only limit."""
    tag("reference")
    arguments = script(tmp_path, "import time; time.sleep(600)", StoppingCondition={"MaxRuntimeInSeconds": 1})

    status, _, error = run(tmp_path, *arguments)

    assert (3, True) == (status, "job job: Stopped after " in error)


@pytest.mark.engine
def test_reader_that_goes_away_ends_no_job(tmp_path: Path, nothing_is_left: Callable[[int], None]) -> None:
    """As behind `| head`."""
    code = "for _ in range(100_000): print('x' * 80)\nopen('/opt/ml/processing/output/a/x', 'w').write('all')"
    program = begin(tmp_path, *script(tmp_path, code))
    assert program.stdout is not None
    assert program.stderr is not None
    with program:
        program.stdout.readline()
        program.stdout.close()
        error = program.stderr.read()

    assert (0, "all") == (program.returncode, (tmp_path / "s3/bucket/out/a/x").read_text())
    assert "Traceback" not in error
    assert "BrokenPipe" not in error
    nothing_is_left(program.pid)


@pytest.mark.engine
def test_output_that_cannot_be_written_is_an_error(tmp_path: Path, tag: Callable[[str], str]) -> None:
    """The job has run, so this is no usage error, and it says nothing of the image."""
    tag("reference")
    code = "import os; os.mkdir('/opt/ml/processing/output/a/x'); open('/opt/ml/processing/output/a/x/y', 'w')"
    arguments = script(tmp_path, code)
    write(tmp_path, "s3/bucket/out/a/x", "a file where a directory has to be")

    status, _, error = run(tmp_path, *arguments)

    assert 6 == status
    expected = "--s3: 's3://bucket/out/a/x/y' cannot be written: 'x' Not a directory"
    assert f"processing-conformance: {expected}\n" == error


USAGE = {
    "no command": ([], "the following arguments are required: COMMAND"),
    "no image": (["run", "--job=job.json"], "the following arguments are required: --image"),
    "no file": (["run", "--image=x", "--job=nope.json", "--s3=s3"], "nope.json: cannot be read"),
    "no tree": (["run", "--image=x", "--job=job.json", "--s3=nope"], "--s3: expected a directory"),
    "no inputs": (["run", "--image=x", "--job=job.json", "--output=o"], "s3://bucket/code not found; pass --s3=DIR"),
    "no object": (["run", "--image=x", "--job=job.json", "--s3=empty"], "no object matches s3://bucket/code"),
    "grace": (["run", "--image=x", "--job=job.json", "--s3=s3", "--grace=0"], "--grace: expected a number"),
    "a link": (["run", "--image=x", "--job=job.json", "--s3=s3", "--output=linked"], "'bucket' is a symbolic link"),
    "a request": (["run", "--image=x", "--job=bad.json", "--s3=s3"], "ProcessingJobName"),
    "an option": (["run", "--image=x", "--job=job.json", "--s3=s3", "--what"], "unrecognized arguments: --what"),
}


@pytest.mark.parametrize(("arguments", "expected"), USAGE.values(), ids=USAGE)
def test_usage_error_is_one_line(arguments: list[str], expected: str, tmp_path: Path) -> None:
    """Exit status 4, nothing on stdout, and what was expected, before anything is run."""
    script(tmp_path, "")
    (tmp_path / "empty").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked/bucket").symlink_to(tmp_path / "empty")
    document = json.loads((tmp_path / "job.json").read_text())
    write(tmp_path, "bad.json", json.dumps({**document, "ProcessingJobName": "not valid"}))

    status, out, error = run(tmp_path, *arguments)

    assert (4, "", 1) == (status, out, error.count("\n"))
    assert expected in error
