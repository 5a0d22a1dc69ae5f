"""An AWS for these tests: the served API, with real containers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from conformance.serve.server import Options, Server
from conformance.service import engine
from tests.support.on_aws import BUCKET
from tests.support.served import Clients


@pytest.fixture(name="aws", scope="session")
def _aws(reached: engine.Engine, tag: Callable[[str], str]) -> Iterator[Clients]:
    """A server that runs four jobs at a time, with a bucket; the reference is there."""
    tag("reference")
    server = Server(reached, Options(grace_seconds=2))
    clients = Clients(server)
    clients.objects.create_bucket(Bucket=BUCKET)
    yield clients
    server.close()
    clients.close()
