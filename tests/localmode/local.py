"""Each clause in the SDK's own local mode, with Compose: `make localmode`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from conformance.serve.server import Options, Server
from conformance.service import engine
from tests.localmode import sdk
from tests.localmode.clauses import AGREED, CLAUSES, Clause
from tests.localmode.observed import Told, job, line, put_objects
from tests.support.served import Clients

SIDE = "local-mode"


@pytest.fixture(name="clients", scope="module")
def _clients(reached: engine.Engine, tag: Callable[[str], str]) -> Iterator[Clients]:
    """Of a server whose S3 both sides use."""
    tag("reference")
    server = Server(reached, Options())
    clients = Clients(server)
    yield clients
    clients.close()
    server.close()


@pytest.fixture(name="home", scope="module")
def _home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home directory of the client's user, in which all that it makes is."""
    home = tmp_path_factory.mktemp("home")
    sdk.prepare(home)
    return home


@pytest.fixture(name="told", scope="module")
def _told(clients: Clients, client: docker.APIClient, home: Path) -> Iterator[dict[str, Told]]:
    """What the client of each job is told."""
    rows = []
    for clause in (*CLAUSES, *AGREED):
        put_objects(clients, clause, SIDE)
        request = job(clause, SIDE, can_be_stopped=False)
        rows.append({"name": clause.name, "request": request, "stop": clause.is_stopped})
    with sdk.removing(client, home):
        results = sdk.run(home, rows, clients.server.environment)
        yield {each["name"]: Told(each["status"], each["message"], error=each["error"]) for each in results}


@pytest.mark.parametrize("clause", [*CLAUSES, *AGREED], ids=lambda clause: clause.name)
def test_clause(clause: Clause, clients: Clients, told: dict[str, Told], home: Path) -> None:
    """What the page says of it is what comes of the job."""
    assert clause.local_mode == line(clients, clause, SIDE, told[clause.name], str(home))


def test_what_is_left(told: dict[str, Told], clients: Clients, client: docker.APIClient, home: Path) -> None:
    """Containers of jobs that have ended, a network, and Compose files with the caller's key."""
    secret = clients.server.environment["AWS_SECRET_ACCESS_KEY"]

    assert len(sdk.left(client, home)) >= sum(each.status == "Completed" for each in told.values())
    assert client.networks(names=[sdk.NETWORK])
    assert [each for each in home.rglob("docker-compose.yaml") if secret in each.read_text()]
