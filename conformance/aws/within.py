"""An AWS in this process, which others use as well, and which is still there when a job has ended."""

from __future__ import annotations

import contextlib
import shutil
import socket
import threading
from collections.abc import Callable, Iterator

from conformance.aws.application import Application
from conformance.aws.order import Order
from conformance.aws.provider import Run, new_directory
from conformance.aws.serving import listener, servers


class AwsWithin:
    """Answers every job from one application; see `conformance.aws.provider.Provider`."""

    def __init__(self, application: Application) -> None:
        """Answer from this one."""
        self._application = application

    def start(self) -> None:
        """It is there already."""

    def close(self) -> None:
        """It is not this object's to end."""

    @contextlib.contextmanager
    def of_run(self, order_in: Callable[[str], Order]) -> Iterator[Run]:
        """A socket for each host, while the block runs."""
        run = Run(order_in(new_directory()))
        try:
            with self._serving(run.order):
                yield run
            run.read()
        finally:
            shutil.rmtree(run.order.directory, ignore_errors=True)

    @contextlib.contextmanager
    def _serving(self, order: Order) -> Iterator[None]:
        with contextlib.ExitStack() as ending:
            sockets: dict[str, socket.socket] = {}
            for host in order.credentials:
                sockets[host] = ending.enter_context(listener(order.socket(host)))
            for server in ending.enter_context(servers(order, sockets, self._application)):
                thread = threading.Thread(target=server.serve_forever, name="aws", daemon=True)
                thread.start()
                ending.callback(thread.join)
                ending.callback(server.shutdown)
            yield
