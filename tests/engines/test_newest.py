"""Verdicts do not depend on the engine: the newest that Debian has says of images what the machine's own says."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from conformance.errors import ImageError
from conformance.service import carrying, inspection, variants
from conformance.service.carrying import How
from conformance.service.engine import Engine, connect
from conformance.service.labels import run_labels
from tests.conftest import REFERENCE_JOB, Ran, clean_environment, declared_failure, reference_job
from tests.engines.comparison import take_over
from tests.engines.debian import UnavailableError
from tests.engines.kinds import KINDS
from tests.engines.running import Running, running
from tests.support.judged import options_of
from tests.support.registry import registry
from tests.support.variants import archive

pytestmark = pytest.mark.engine

NEWEST = ("docker-28-containerd", "podman-58")
"""One of each make."""

IMAGES = (
    "reference",
    "flawed/link-among-outputs",
    "flawed/no-command",
    "flawed/outputs-of-root",
    "flawed/pipeline-without-pipefail",
    "flawed/shell-form-entrypoint",
    "flawed/volume-on-opt-ml",
)
"""What depends on an engine: archives, the messages of a refused start, users, the tracer, signals, and volumes."""


@pytest.fixture(name="newest", scope="session", params=NEWEST)
def _newest(request: pytest.FixtureRequest) -> Iterator[Running]:
    """One of the newest engines, brought up for as long as this worker needs it."""
    try:
        with running(KINDS[request.param]) as engine:
            yield engine
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_fails_exactly_its_label_on_the_newest_engine(
    name: str, newest: Running, tag: Callable[[str], str], client: docker.APIClient, conformance: Callable[..., Ran]
) -> None:
    """What it fails on the machine's own engine, and nothing else."""
    take_over(client, newest, tag(name))

    ran = conformance(tag(name), *options_of(name), environment={"DOCKER_HOST": newest.address})

    assert declared_failure(name) == ran.failing, ran.output
    assert 0 == ran.report["counts"]["error"], ran.output
    assert newest.version in ran.report["service"]["engine"]


LINE = "flawed/settings-read-below-opt-ml"
"""An image whose program needs a file that it ships below /opt/ml: it works where that is copied into the volume."""


def test_a_line_of_a_report_shows_on_the_newest_engine_what_it_is_about(
    newest: Running, tag: Callable[[str], str], client: docker.APIClient, conformance: Callable[..., Ran]
) -> None:
    """As a user of the docker command enters it; the volume that it had gone with the container."""
    if shutil.which("docker") is None:
        pytest.skip("no docker command is here")
    take_over(client, newest, tag(LINE))
    ran = conformance(tag(LINE), *options_of(LINE), environment={"DOCKER_HOST": newest.address})
    (violated,) = ran.violating
    line = ran.verdict(violated)["reproduce"]
    other = newest.client()
    before = other.volumes()["Volumes"] or []

    entered = subprocess.run(
        ["bash", "-c", line],
        env=clean_environment() | {"DOCKER_HOST": newest.address},
        capture_output=True,
        text=True,
        check=False,
    )

    after = other.volumes()["Volumes"] or []
    other.close()
    assert "reserved.works-when-replaced" == violated
    assert "exit code 1" == entered.stdout.splitlines()[-1], (line, entered.stdout, entered.stderr)
    assert len(before) == len(after)


def test_of_several_variants_the_one_of_aws_is_judged(newest: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the engine shows another one; and one that is there for other platforms alone is judged as it is."""
    if newest.kind.name != "docker-28-containerd":
        pytest.skip("it keeps one variant of an image")
    monkeypatch.setenv("DOCKER_HOST", newest.address)
    engine = connect()
    shown = {}
    for platforms in (("linux/arm64", "linux/amd64"), ("linux/arm64", "linux/s390x")):
        name = f"conformance-test/variants-{uuid.uuid4().hex[:12]}"
        assert [] == [line for line in engine.client.load_image(archive(name, platforms)) if "error" in line]
        found = inspection.find(engine, name)
        read = inspection.read_files(engine, found, run_labels("test", kept=False))
        # As an engine on Arm has it from `docker image inspect`.
        facts = engine.client.inspect_image(name) | {"Architecture": "arm64"}
        again = inspection.from_facts(name, variants.of_aws(engine, name, facts))
        shown[platforms[1]] = (found.platform, read.platform, again.platform, found.cmd)
        engine.client.remove_image(name, force=True)
    engine.client.close()

    assert {
        "linux/amd64": ("linux/amd64", "linux/amd64", "linux/amd64", ("/amd64",)),
        "linux/s390x": ("linux/arm64", "linux/arm64", "linux/arm64", ("/arm64",)),
    } == shown


LINKED = b"FROM conformance/reference\nRUN mkdir -p /data/ml && ln -s /data/ml /opt/ml\n"


def test_a_pipe_is_fed_where_opt_ml_is_an_absolute_link(
    newest: Running,
    tag: Callable[[str], str],
    client: docker.APIClient,
    conformance: Callable[..., Ran],
    tmp_path: Path,
) -> None:
    """Docker 28 takes the volume only where the link leads to, and there its FIFO is for whoever feeds it."""
    tag("reference")
    name = f"conformance-test/linked-{uuid.uuid4().hex[:12]}"
    for step in client.build(fileobj=io.BytesIO(LINKED), tag=name, rm=True, decode=True):
        assert "error" not in step, step["error"]
    take_over(client, newest, name)
    client.remove_image(name)
    document = json.loads(REFERENCE_JOB.read_text(encoding="utf-8"))
    document["ProcessingInputs"][0]["S3Input"]["S3InputMode"] = "Pipe"
    piped = tmp_path / "job.json"
    piped.write_text(json.dumps(document), encoding="utf-8")
    options = (f"--image-job={piped}", *reference_job()[1:], "-k", "inputs.pipe or exit.zero-on-success")

    ran = conformance(name, *options, environment={"DOCKER_HOST": newest.address})

    assert {"exit.zero-on-success", "inputs.pipe"} == ran.having("conforms"), ran.output
    requested = next(run for run in ran.report["runs"] if run["variation"] == "as requested")
    (fed,) = requested["hosts"][0]["feeds"]
    assert "/opt/ml/processing/input/measurements_0" == fed["path"]
    assert fed["bytes"] == fed["read"] > 0


def test_an_engine_is_given_the_very_same_image(
    newest: Running, tag: Callable[[str], str], client: docker.APIClient, reached: Engine
) -> None:
    """Pulled by its digest where a registry has it, else carried, also over another one of the same name."""
    image, python, name = tag("sound/chain-of-execs"), tag("reference"), f"team/{uuid.uuid4().hex[:12]}"
    take_over(client, newest, python)
    other = carrying.connect({"DOCKER_HOST": newest.address})
    with registry(client, image, name, python=python) as (reference, digest):
        pinned, port = f"{reference}@{digest}", int(reference.partition(":")[2].partition("/")[0])
        assert [] == [line for line in client.pull(reference, stream=True, decode=True) if "error" in line]
        other.client.tag(python, reference, "latest")
        try:
            # The loopback of that engine is its own, and nothing listens there yet.
            assert (How.CARRIED, None) == tuple(carrying.carry(reference, reached, other) for _ in range(2))
            assert client.inspect_image(image)["Config"]["Entrypoint"] == entrypoint(other, reference)
            other.client.remove_image(reference, force=True)
            with pytest.raises(ImageError, match=r"cannot be pulled by .*, and what is carried has no digest"):
                carrying.carry(pinned, reached, other)
            if newest.kind.name == "docker-28-containerd":
                # Podman takes no registry without a certificate.
                with registry(other.client, image, name, python=python, source=client, port=port):
                    assert (How.PULLED, None) == tuple(carrying.carry(reference, reached, other) for _ in range(2))
                    assert other.client.inspect_image(reference)["RepoDigests"] == [pinned]
                    assert carrying.carry(pinned, reached, other) is None
        finally:
            client.remove_image(reference, force=True)
            other.client.close()


def entrypoint(engine: Engine, reference: str) -> list[str]:
    """That of an image as an engine has it."""
    found: list[str] = engine.client.inspect_image(reference)["Config"]["Entrypoint"]
    return found
