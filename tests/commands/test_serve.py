"""`processing-conformance serve` as users type it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import docker
import pytest
from botocore.config import Config

from scripts import readme
from tests.commands.test_run import PROGRAM, begin, end
from tests.conftest import clean_environment
from tests.support.leftovers import owned_by
from tests.support.served import request


def exports(lines: list[str]) -> dict[str, str]:
    """The variables that a shell would have."""
    words = [shlex.split(line) for line in lines]

    assert {"export"} == {each[0] for each in words}
    return dict(each[1].split("=", 1) for each in words)


def client(service: str, variables: dict[str, str]) -> Any:  # noqa: ANN401 - boto3 makes its methods as it runs
    """A client with these variables, and no others of AWS."""
    return boto3.client(
        service,
        region_name=variables["AWS_DEFAULT_REGION"],
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id=variables["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=variables["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=variables["AWS_SESSION_TOKEN"],
        config=Config(retries={"max_attempts": 0}, proxies={}),
    )


def printed(program: subprocess.Popen[str]) -> dict[str, str]:
    """What a server prints as soon as it answers."""
    assert program.stdout is not None
    return exports([program.stdout.readline() for _ in range(11)])


@pytest.mark.engine
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_server_and_jobs(
    number: signal.Signals, tmp_path: Path, tag: Callable[[str], str], client_of_tests: docker.APIClient
) -> None:
    """Within the grace, with a job that runs and one that waits; nothing is left on the engine."""
    tag("reference")
    program = begin(tmp_path, "serve", "--max-jobs=1", "--grace=1")
    processing = client("sagemaker", printed(program))
    ignoring = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_IGN); time.sleep(600)"
    for name in ("running", "waiting"):
        processing.create_processing_job(**request(name, ignoring))
    deadline = time.monotonic() + 60
    while "ProcessingStartTime" not in processing.describe_processing_job(ProcessingJobName="running"):
        assert time.monotonic() < deadline
    processing.close()
    program.send_signal(number)

    status, out, error = end(program)

    assert (0, "") == (status, out)
    assert f"{number.name}: stopping all jobs" in error
    assert "job running: Stopped\n" in error
    assert "Traceback" not in error
    assert [] == owned_by(client_of_tests, program.pid)


@pytest.fixture(name="client_of_tests")
def _client_of_tests(client: docker.APIClient) -> docker.APIClient:
    """The engine, beside the clients of AWS here."""
    return client


@pytest.mark.engine
def test_shell_can_take_the_variables_and_go_on(tmp_path: Path) -> None:
    """With `--print-env`, stdout ends while the server answers."""
    program = begin(tmp_path, "serve", "--print-env")
    assert program.stdout is not None
    variables = exports(program.stdout.read().splitlines())
    objects = client("s3", variables)

    assert [] == objects.list_buckets()["Buckets"]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", variables["AWS_ENDPOINT_URL"])
    assert "true" == variables["AWS_EC2_METADATA_DISABLED"]
    objects.close()
    os.kill(int(variables["PROCESSING_CONFORMANCE_PID"]), signal.SIGTERM)
    assert 0 == end(program)[0]


@pytest.mark.engine
def test_shell_of_the_readme_takes_the_variables(tmp_path: Path) -> None:
    """As its user types it; the server is there when the next command runs, and ends with its process."""
    (line,) = re.findall(r'^    (eval "\$\(processing-conformance .*)$', readme.README.read_text(), re.MULTILINE)
    ended = subprocess.run(
        ["bash", "-c", f'{line}\necho "$AWS_ENDPOINT_URL"\nkill "$PROCESSING_CONFORMANCE_PID"'],
        cwd=tmp_path,
        env={**clean_environment(), "PATH": f"{PROGRAM.parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert re.fullmatch(r"http://127\.0\.0\.1:\d+\n", ended.stdout)
    assert "SIGTERM: stopping all jobs" in ended.stderr


@pytest.mark.engine
def test_port_can_be_chosen_and_is_this_machines_alone(tmp_path: Path) -> None:
    """One that is taken is a usage error."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        status, out, error = end(begin(tmp_path, "serve", f"--port={port}"))

    assert (4, "") == (status, out)
    assert error.startswith(f"processing-conformance: --port: 127.0.0.1:{port} cannot be used: ")
    program = begin(tmp_path, "serve", f"--port={port}")
    assert f"http://127.0.0.1:{port}" == printed(program)["AWS_ENDPOINT_URL"]
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    assert {f"0100007F:{port:04X}"} == {
        words[1] for words in listening if words[1].endswith(f":{port:04X}") and words[3] == "0A"
    }
    program.send_signal(signal.SIGTERM)
    assert 0 == end(program)[0]


@pytest.mark.engine
def test_killed_server_leaves_nothing(
    tmp_path: Path, tag: Callable[[str], str], client_of_tests: docker.APIClient
) -> None:
    """What it has on the engine is removed all the same."""
    tag("reference")
    program = begin(tmp_path, "serve")
    processing = client("sagemaker", printed(program))
    processing.create_processing_job(**request("running", "import time; time.sleep(600)"))
    deadline = time.monotonic() + 120
    while "ProcessingStartTime" not in processing.describe_processing_job(ProcessingJobName="running"):
        assert time.monotonic() < deadline
    processing.close()
    program.kill()
    end(program)

    while owned_by(client_of_tests, program.pid):
        assert time.monotonic() < deadline
        time.sleep(0.2)


@pytest.mark.engine
@pytest.mark.parametrize("name", ["", "nobodys-network"])
def test_network_has_to_be_there(name: str, tmp_path: Path) -> None:
    """As for `run`."""
    status, _, error = end(begin(tmp_path, "serve", f"--network={name}"))

    assert (4, 1) == (status, error.count("\n"))
    assert error.startswith("processing-conformance: --network: expected the name of a Docker network, ")


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("--port=65536", "--port: expected a number from 0 to 65535, got 65536"),
        ("--port=x", "argument --port: invalid int value: 'x'"),
        ("--max-jobs=0", "--max-jobs: expected a number from 1 to 1000, got 0"),
        ("--grace=-1", "--grace: expected a number of seconds above 0 and below 86400, got -1"),
    ],
)
def test_usage_error_is_one_line(argument: str, expected: str, tmp_path: Path) -> None:
    """Exit status 4."""
    ended = subprocess.run(
        [PROGRAM, "serve", argument], cwd=tmp_path, env=clean_environment(), capture_output=True, text=True, check=False
    )

    assert (4, "") == (ended.returncode, ended.stdout)
    assert ended.stderr.startswith(f"processing-conformance: {expected}")
    assert 1 == ended.stderr.count("\n")
