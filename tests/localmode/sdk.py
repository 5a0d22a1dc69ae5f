"""The SDK's local mode, in the virtual environment that `make localmode` makes for it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import docker

from tests.conftest import ROOT, clean_environment

PYTHON = ROOT / ".cache/sdk/bin/python"
COMPOSE = "com.docker.compose.project.working_dir"
NETWORK = "sagemaker-local"

CONFIGURATION = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}
"""Without it each job calls a bucket of AWS's own."""


def prepare(home: Path) -> None:
    """Make a directory a home of a user who has Compose and no telemetry."""
    (home / "config.yaml").write_text(json.dumps(CONFIGURATION))
    plugins = home / "docker/cli-plugins"
    plugins.mkdir(parents=True)
    (compose,) = PYTHON.parent.parent.glob("lib/*/site-packages/compose/docker-compose")
    (plugins / compose.name).symlink_to(compose)


def run(home: Path, rows: Sequence[Mapping[str, Any]], variables: Mapping[str, str]) -> list[dict[str, Any]]:
    """What the client of each job is told, in one process; `variables` name the S3. See `client.py` for the forms."""
    (home / "rows.json").write_text(json.dumps(rows))
    environment = {
        **clean_environment(),
        **variables,
        "HOME": str(home),
        "DOCKER_CONFIG": str(home / "docker"),
        "SAGEMAKER_USER_CONFIG_OVERRIDE": str(home / "config.yaml"),
    }
    client = Path(__file__).with_name("client.py")
    command: list[str | Path] = [PYTHON, client, "rows.json", "results.json"]
    ended = subprocess.run(command, cwd=home, env=environment, check=False, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"the SDK ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return [json.loads(each) for each in (home / "results.json").read_text().splitlines()]


@contextmanager
def removing(client: docker.APIClient, home: Path) -> Iterator[None]:
    """Remove what local mode leaves on the engine, once the block has run."""
    try:
        yield
    finally:
        for container in left(client, home):
            client.remove_container(container, force=True)
        for network in client.networks(names=[NETWORK]):
            client.remove_network(network["Id"])


def left(client: docker.APIClient, home: Path) -> list[str]:
    """The containers that jobs of this user have left."""
    found = client.containers(all=True, filters={"label": COMPOSE})
    return [each["Id"] for each in found if each["Labels"][COMPOSE].startswith(str(home))]
