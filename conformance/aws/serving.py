"""The servers of one run's AWS: HTTP on a socket for each host."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from moto.server import MotoRequestHandler
from werkzeug.serving import make_server
from werkzeug.test import Client

from conformance.aws.application import Application
from conformance.aws.credentials import NOBODYS_KEY, signed
from conformance.aws.job import HostAws, JobAws

if TYPE_CHECKING:
    from werkzeug.serving import BaseWSGIServer

    from conformance.aws.order import Order

WARM_REGION = "us-east-1"

BACKLOG = 1024


class Handler(MotoRequestHandler):
    """Quiet, and without the delay by which small answers would wait for one another."""

    disable_nagle_algorithm = False

    def log(self, type: str, message: str, *args: object) -> None:  # noqa: A002 - werkzeug's name
        """Say nothing: every call is written down elsewhere."""


def warm_up() -> None:
    """Have what nearly every job uses loaded before there is one."""
    client = Client(Application())
    client.get("/", headers=signed(NOBODYS_KEY, WARM_REGION, "s3")).close()
    form = {"Action": "GetCallerIdentity", "Version": "2011-06-15"}
    client.post("/", data=form, headers=signed(NOBODYS_KEY, WARM_REGION, "sts")).close()


def listener(path: str) -> socket.socket:
    """A socket at a path, to which a host's connections come."""
    made = socket.socket(socket.AF_UNIX)
    made.bind(path)
    made.listen(BACKLOG)
    return made


@contextlib.contextmanager
def servers(
    order: Order, sockets: dict[str, socket.socket], application: Application
) -> Iterator[list[BaseWSGIServer]]:
    """A server for each host, on its socket, which is bound already; none of them serves yet."""
    with Path(order.calls).open("ab") as written, contextlib.ExitStack() as closing:
        job = JobAws(application, order, written)
        made = [
            make_server(
                f"unix://{order.socket(host)}",
                0,
                HostAws(job, host),
                threaded=True,
                request_handler=Handler,
                fd=sockets[host].fileno(),
            )
            for host in order.credentials
        ]
        for server in made:
            closing.callback(server.server_close)
        yield made
