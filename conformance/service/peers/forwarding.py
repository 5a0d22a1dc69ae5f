"""Whether an engine hands queries of the hosts on to their name server, and what is done where it does not.

Some versions of Docker's own resolver hand on none from an internal network. There the hosts' network is not internal,
which takes nothing from what they show: the same name server gets their queries, and there is no way out either.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping

from conformance.service.engine import Engine
from conformance.service.peers import names, network


class Forwarding:
    """How the networks of one engine are to be made; it is tried once, where its version may need it."""

    def __init__(self, engine: Engine, labels: Mapping[str, str]) -> None:
        """Ask nothing of the engine yet."""
        self._engine = engine
        self._labels = dict(labels)
        self._internal: bool | None = None if engine.dialect.may_keep_queries else True
        self._trying = threading.Lock()

    def new_network(self) -> network.Network:
        """A new network on which queries of hosts reach their name server.

        Raises:
            JobError: none can be made, or the name server of the trial does not begin.
        """
        with self._trying:
            if self._internal is None:
                self._internal = self._tried()
        return self._made(internal=self._internal)

    def _made(self, *, internal: bool) -> network.Network:
        return network.create(self._engine.client, labels=self._labels, dialect=self._engine.dialect, internal=internal)

    def _tried(self) -> bool:
        """Whether a query reaches a name server on an internal network."""
        made = self._made(internal=True)
        try:
            server = names.create(self._engine.client, made, (), labels=self._labels)
            with server:
                server.start()
                return server.is_reached(made, labels=self._labels)
        finally:
            made.remove()
