"""A job and the AWS that it reaches, on a real engine: from its container's variables to the evidence of its calls."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from conformance.aws.process import Aws
from conformance.errors import JobError
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Conditions
from conformance.job.objects import ObjectTree
from conformance.job.variation import Variation
from conformance.outcome.calls import Signer
from conformance.outcome.outcome import JobStatus
from conformance.service import calls, engine
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from tests.support.jobs import job, run_code

pytestmark = pytest.mark.engine

CLIENT = """
import json, os, urllib.request
SIGNED = "AWS4-HMAC-SHA256 Credential=%s/20261127/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0"
def aws(path, data=None, key=""):
    headers = {"Authorization": SIGNED % key} if key else {}
    address, method = os.environ["AWS_ENDPOINT_URL"] + path, "PUT" if data else "GET"
    asked = urllib.request.Request(address, data, headers, method=method)
    return urllib.request.urlopen(asked, timeout=30).read()
def credentials():
    return json.loads(urllib.request.urlopen(os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"], timeout=30).read())
key = credentials()["AccessKeyId"]
"""

PATIENCE_SECONDS = 60

ISOLATED = {"EnableNetworkIsolation": True}


@pytest.fixture(name="service")
def _service(reached: engine.Engine, tmp_path: Path) -> Iterator[LocalService]:
    """A service over the objects of a test, whose jobs reach an AWS."""
    service = LocalService(reached, ObjectTree(tmp_path), Settings(stop_grace_seconds=3), aws=Aws())
    yield service
    service.close()


@pytest.mark.parametrize("conditions", [AS_CHOSEN, AS_CHOSEN.untraced()], ids=["traced", "untraced"])
def test_a_program_finds_aws_when_it_begins(
    service: LocalService, image: Image, tmp_path: Path, conditions: Conditions
) -> None:
    """At once, as process 1 and with its own arguments, whether or not it is watched; what it asked is evidence."""
    code = CLIENT + "import sys; print(aws('/bucket/code/main.py', key=key)[:7], os.getpid(), sys.argv[1:])"
    once = run_code(service, image, tmp_path, code, job(), "a b")
    outcome = service.run(image, once.request, Variation.AS_REQUESTED, conditions=conditions)

    assert JobStatus.COMPLETED is outcome.status, outcome.hosts[0].stderr.text
    assert "b'\\nimport' 1 ['a b']" == outcome.hosts[0].stdout.text.strip()
    assert outcome.calls is not None
    assert ["s3:GetObject s3://bucket/code/main.py"] == list(map(str, outcome.calls.of_aws))
    assert (Signer.ROLE, 200, "us-east-1") == (
        *(outcome.calls.of_aws[0].signer, outcome.calls.of_aws[0].status, outcome.calls.region),
    )


def test_each_host_has_its_own_line_to_the_same_s3(service: LocalService, image: Image, tmp_path: Path) -> None:
    """What one puts there another finds, and each call is told to be its host's."""
    code = CLIENT + (
        "import time\n"
        "name = json.load(open('/opt/ml/config/resourceconfig.json'))['current_host']\n"
        "if name == 'algo-1':\n    aws('/bucket/shared', b'hello', key)\n"
        "until = time.monotonic() + 60\n"
        "while True:\n"
        "    try:\n        print(name, aws('/bucket/shared', key=key)); break\n"
        "    except OSError:\n        assert time.monotonic() < until; time.sleep(0.1)\n"
    )
    outcome = run_code(service, image, tmp_path, code, job(InstanceCount=2).on_hosts(2))

    assert JobStatus.COMPLETED is outcome.status, [host.stderr.text for host in outcome.hosts]
    assert ["algo-1 b'hello'", "algo-2 b'hello'"] == [host.stdout.text.strip() for host in outcome.hosts]
    assert outcome.calls is not None
    assert {"algo-1", "algo-2"} == {call.host for call in outcome.calls.of_aws}
    assert ["algo-1"] == [call.host for call in outcome.calls.of_aws if call.written]


def test_an_isolated_job_has_none(service: LocalService, image: Image, tmp_path: Path) -> None:
    """Neither address nor credentials; in the run that is made to see whether it would call, it has both."""
    request = job(NetworkConfig=ISOLATED)
    code = "import os\nprint(sorted(name for name in os.environ if name.startswith('AWS_')))"
    isolated = run_code(service, image, tmp_path, code, request)
    reached = service.run(image, isolated.request, Variation.CALLS_OF_ISOLATED)

    assert (None, "['AWS_REGION']") == (isolated.calls, isolated.hosts[0].stdout.text.strip())
    assert reached.calls is not None
    assert "['AWS_CONTAINER_CREDENTIALS_FULL_URI', 'AWS_ENDPOINT_URL', 'AWS_REGION']" == (
        reached.hosts[0].stdout.text.strip()
    )


def test_nothing_but_aws_is_reached(service: LocalService, image: Image, tmp_path: Path) -> None:
    """The container has the loopback alone, and nothing listens on it beside the relay."""
    code = (
        "import json, socket\n"
        "ports = [line.split()[1].rpartition(':')[2] for line in open('/proc/net/tcp').readlines()[1:]\n"
        "         if line.split()[3] == '0A']\n"
        "print(json.dumps([[name for _, name in socket.if_nameindex()], [int(port, 16) for port in ports]]))"
    )
    outcome = run_code(service, image, tmp_path, code, job())

    assert [["lo"], [calls.PORT]] == json.loads(outcome.hosts[0].stdout.text)


def test_no_other_program_is_seen(service: LocalService, image: Image, tmp_path: Path) -> None:
    """The relay has processes of its own: the job's are as without it."""
    code = (
        "import os\nprint(sorted(name for name in os.listdir('/proc') if name.isdigit() and int(name) == os.getpid()))"
    )
    outcome = run_code(service, image, tmp_path, code, job())

    assert "['1']" == outcome.hosts[0].stdout.text.strip()
    assert outcome.hosts[0].trace is not None
    assert 1 == len([process for process in outcome.hosts[0].trace.processes if process.executions])


def test_an_aws_that_ends_before_its_job_is_an_error(service: LocalService, image: Image, tmp_path: Path) -> None:
    """Whatever the job makes of that: it says nothing of the image."""
    code = CLIENT + (
        "import time\n"
        "try:\n    while True: aws('/bucket/code/main.py', key=key); print('called', flush=True); time.sleep(0.05)\n"
        "except OSError: pass\n"
    )
    before = descendants()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_code, service, image, tmp_path, code, job())
        until = time.monotonic() + PATIENCE_SECONDS
        # The process that was forked for the run is a child of a child.
        while not (made := [pid for pid, parent in descendants().items() if parent in descendants()]):
            assert time.monotonic() < until
            time.sleep(0.05)
        os.kill(made[0], signal.SIGKILL)

        with pytest.raises(JobError, match="the AWS of the job is gone"):
            running.result()
    assert before.keys() <= descendants().keys()


def descendants() -> dict[int, int]:
    """The processes below this one, each with its parent."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(place.parent.name)] = int(place.read_text().rpartition(")")[2].split()[1])
    below = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in below} - below:
        below |= more
    return {pid: parents[pid] for pid in below if pid != os.getpid()}
