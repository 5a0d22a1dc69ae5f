"""Each clause that local mode gets wrong, on the served API."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import ClientError

from conformance.serve.server import Options, Server
from conformance.service import engine
from tests.localmode.clauses import AGREED, CLAUSES, Clause
from tests.localmode.observed import Told, job, line, put_objects
from tests.support.served import Clients

SIDE = "here"


@pytest.fixture(name="clients", scope="module")
def _clients(reached: engine.Engine, tag: Callable[[str], str]) -> Iterator[Clients]:
    """Of a server of this module's own."""
    tag("reference")
    server = Server(reached, Options(grace_seconds=5))
    clients = Clients(server)
    yield clients
    clients.close()
    server.close()


def told(clients: Clients, clause: Clause) -> Told:
    """What a client is told of the job, here."""
    request = job(clause, SIDE, can_be_stopped=True)
    name = request["ProcessingJobName"]
    try:
        clients.processing.create_processing_job(**request)
    except ClientError as error:
        return Told(None, error=f"{error.response['Error']['Code']}: {error.response['Error']['Message']}")
    if clause.is_stopped:
        clients.has_said(name)
        clients.processing.stop_processing_job(ProcessingJobName=name)
    ended = clients.ended(name)
    return Told(ended["ProcessingJobStatus"], ended.get("ExitMessage"), ended.get("FailureReason"))


@pytest.mark.engine
@pytest.mark.parametrize("clause", [*CLAUSES, *AGREED], ids=lambda clause: clause.name)
def test_clause(clause: Clause, clients: Clients) -> None:
    """What the page says of it is what comes of the job."""
    put_objects(clients, clause, SIDE)

    assert clause.here == line(clients, clause, SIDE, told(clients, clause))
