"""The other hosts of a job: they are found by name, exchange messages, and end together, well or not.

Every two hosts share one TCP connection, with a JSON message on each line. The last one is a goodbye, or the reason why
a host has failed; a connection that ends without either means that its host is lost. Whoever learns of a failure fails
too and tells all others: a job of which a part is missing is never finished.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import socket
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - where the others call
PORT = 7070
LONGEST_MESSAGE_BYTES = 1 << 30

APPEARANCE_SECONDS = 60.0  # a host's name may be unknown at first, and then its program may still be starting
ATTEMPT_SECONDS = 5.0
PAUSES_SECONDS = (0.25, 4.0)  # between two attempts: at first, and at most
SILENCE_SECONDS = 20  # a machine that is gone does not even close its connections: the kernel asks whether it is there
STOP_SECONDS = 2.0  # a job's hosts are stopped one after the other: who sees one vanish may be next, and is to say so
FAREWELL_SECONDS = 5.0  # until the others have heard why this host fails: who hangs up too early is not heard


class JobError(Exception):
    """Why the job cannot be done. Whoever started it may read this, so it repeats nothing of what an input holds."""


class PeerError(JobError):
    """Another host has failed, is lost or did not appear; the text says which one."""


@dataclass(frozen=True)
class Peer:
    """Another host, connected with this one."""

    name: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    received: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    farewell: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """Have the kernel notice when the other machine is gone."""
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENCE_SECONDS // 4)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENCE_SECONDS // 4)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_SECONDS * 1000)

    async def send(self, content: object, kind: str = "content") -> None:
        """Send what JSON can hold; raises `PeerError` where the connection is broken."""
        try:
            self.writer.write(json.dumps([kind, content]).encode() + b"\n")
            await self.writer.drain()
        except OSError as error:
            raise PeerError(f"{self.name} is lost: {error}") from error

    async def receive(self) -> Any:  # noqa: ANN401 - whatever the other host has sent
        """What the other host has sent next; where it fails instead, `connected` cancels whoever waits here."""
        return await self.received.get()

    async def listen(self) -> None:
        """Take what it sends until it says goodbye; raises `PeerError` where it has failed or is lost."""
        while not self.farewell.is_set():
            try:
                kind, content = await _read(self.reader)
            except (EOFError, OSError, ValueError) as error:
                await asyncio.sleep(STOP_SECONDS)
                raise PeerError(f"{self.name} is lost: its connection broke") from error
            if kind == "failure":
                raise PeerError(content)
            if kind == "goodbye":
                self.farewell.set()
            else:
                self.received.put_nowait(content)

    async def fail(self, reason: str) -> None:
        """Tell it why this host fails, and wait until it has nothing more to say."""
        await self.send(reason, "failure")
        self.writer.write_eof()
        while await self.reader.read(1 << 16):
            pass


@contextlib.asynccontextmanager
async def connected(
    own: str, hosts: Iterable[str], address: str = EVERY_ADDRESS, *, patience: float | None = APPEARANCE_SECONDS
) -> AsyncIterator[dict[str, Peer]]:
    """The other hosts by name, once all are connected; after the block goodbyes are exchanged with all of them.

    Each of the others has `patience` seconds to appear. When one fails, the block is cancelled where it awaits
    something. When the block fails, all others are told why.

    Raises:
        PeerError: One of them has failed, is lost or did not appear.
    """
    others = set(hosts) - {own}
    # Of two hosts the one that is later by name calls the other.
    visitors = {host: asyncio.get_running_loop().create_future() for host in others if host > own}
    welcome = functools.partial(_welcome, visitors)
    server = await asyncio.start_server(welcome, address, PORT, limit=LONGEST_MESSAGE_BYTES)
    peers: dict[str, Peer] = {}

    async def meet(host: str) -> None:
        try:
            async with asyncio.timeout(patience):
                peers[host] = await (_call(host, own) if host < own else visitors[host])
        except TimeoutError:
            raise PeerError(f"{host} did not appear within {patience} s") from None
        tasks.create_task(peers[host].listen())

    try:
        async with asyncio.TaskGroup() as tasks:
            for meeting in [tasks.create_task(meet(host)) for host in others]:
                await meeting
            server.close()
            yield peers
            for peer in peers.values():
                await peer.send(None, "goodbye")
            # The group ends when the others have said goodbye as well.
    except ExceptionGroup as group:
        cause = next((error for error in group.exceptions if isinstance(error, JobError)), group.exceptions[0])
        # What nobody expected may repeat anything, so only its kind is told.
        reason = str(cause) if isinstance(cause, JobError) else type(cause).__name__
        # What another host has said, or what became of it, is passed on as it is: it names that host.
        reason = reason if isinstance(cause, PeerError) else f"{own}: {reason}"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS):
                await asyncio.gather(*(peer.fail(reason) for peer in peers.values()), return_exceptions=True)
        raise cause from None
    finally:
        server.close()
        for peer in peers.values():
            peer.writer.close()


async def _call(host: str, own: str) -> Peer:
    """Connect to a host, again and again, each time from the look-up of its name on."""
    pause, longest_pause = PAUSES_SECONDS
    while True:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                peer = Peer(host, *await asyncio.open_connection(host, PORT, limit=LONGEST_MESSAGE_BYTES))
                await peer.send(own, "hello")
                return peer
        except (OSError, PeerError) as error:  # an unknown name is an OSError, and so is the end of the attempt
            print(f"{host} is not there yet: {type(error).__name__}")
        await asyncio.sleep(pause)
        pause = min(2 * pause, longest_pause)


async def _welcome(
    visitors: dict[str, asyncio.Future[Peer]], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Take the connection of a host that introduces itself, and of nobody else."""
    with contextlib.suppress(EOFError, OSError, ValueError):
        async with asyncio.timeout(ATTEMPT_SECONDS):
            kind, name = await _read(reader)
        visitor = visitors.get(str(name))
        if kind == "hello" and visitor is not None and not visitor.done():
            visitor.set_result(Peer(str(name), reader, writer))
            return
    writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[Any, Any]:
    """The kind and the content of a message; a `ValueError` says that it is none."""
    match json.loads(await reader.readuntil()):
        case [kind, content]:
            return kind, content
    raise ValueError("this is no message")
