"""The other hosts of a job: they are found by name, exchange messages, and end together, well or not.

Every two hosts share one TCP connection, on which JSON messages follow each other, each after its length. The last one
is a goodbye, or else the reason why a host has failed. A connection that ends without either means that its host is
lost. Whoever learns of a failure fails too and says so to all others: a job whose part is missing is never finished.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import socket
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

EVERY_ADDRESS = "0.0.0.0"  # noqa: S104 - the peers are not on this machine
PORT = 7070

APPEARANCE_SECONDS = 60.0
"""How long a host may take to appear: its name may be unknown at first, and then its program may still be starting."""

ATTEMPT_SECONDS = 5.0
PAUSE_SECONDS = 0.5
"""One attempt to reach a host, and the time until the next one."""

SILENCE_SECONDS = 20
"""A machine that is gone sends nothing, not even an end: the kernel asks every few seconds whether it is there."""

STOP_SECONDS = 2.0
"""Hosts are not stopped at one moment: one that sees others vanish may be about to get the signal itself."""

FAREWELL_SECONDS = 5.0
"""How long a host that has failed waits until the others have heard why."""

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class JobError(Exception):
    """Why the job cannot be done. Whoever started it may read this, so it repeats nothing of what an input holds."""


class PeerError(JobError):
    """Another host failed, was lost or did not appear; the text says which one."""


class Peer:
    """Another host, connected with this one."""

    def __init__(self, name: str, streams: Streams) -> None:
        """Take over a connection."""
        self.name = name
        self.farewell = asyncio.Event()
        self._reader, self._writer = streams
        self._received: asyncio.Queue[Any] = asyncio.Queue()
        _notice_silence(self._writer)

    async def send(self, content: object) -> None:
        """Send anything that JSON can hold.

        Raises:
            PeerError: The connection is broken.
        """
        await self._send({"content": content})

    async def receive(self) -> Any:  # noqa: ANN401 - whatever the other host has sent
        """What the other host has sent next. When it fails, whoever waits here is cancelled by `connected`."""
        return await self._received.get()

    async def listen(self) -> None:
        """Take what it sends, until it says goodbye.

        Raises:
            PeerError: It has failed, or is lost.
        """
        while not self.farewell.is_set():
            try:
                message = await _read(self._reader)
            except (EOFError, OSError, ValueError) as error:
                await asyncio.sleep(STOP_SECONDS)
                raise PeerError(f"{self.name} is lost: its connection broke") from error
            if "failed" in message:
                raise PeerError(str(message["failed"]))
            if "goodbye" in message:
                self.farewell.set()
            else:
                self._received.put_nowait(message.get("content"))

    async def say_goodbye(self) -> None:
        """Tell it that nothing more will come."""
        await self._send({"goodbye": True})

    async def fail(self, reason: str) -> None:
        """Tell it that this host has failed, and wait until it hangs up: what is unread may be lost when we do."""
        await self._send({"failed": reason})
        self._writer.write_eof()
        while await self._reader.read(1 << 16):
            pass

    def hang_up(self) -> None:
        """Close the connection."""
        self._writer.close()

    async def _send(self, message: dict[str, object]) -> None:
        try:
            await _write(self._writer, message)
        except OSError as error:
            raise PeerError(f"{self.name} is lost: {error}") from error


@contextlib.asynccontextmanager
async def connected(
    own: str, hosts: Iterable[str], address: str = EVERY_ADDRESS, *, patience: float = APPEARANCE_SECONDS
) -> AsyncIterator[dict[str, Peer]]:
    """The other hosts by name, once all are connected, for which each has `patience` seconds.

    At the end goodbyes are exchanged with all of them.

    When one fails, the block is cancelled at its next `await`. What fails in the block is told to all others.

    Raises:
        PeerError: One of them failed, was lost or did not appear.
    """
    others = sorted(set(hosts) - {own})
    visitors = {host: asyncio.get_running_loop().create_future() for host in others if host > own}
    peers: dict[str, Peer] = {}
    server = await asyncio.start_server(functools.partial(_welcome, visitors), address, PORT)
    try:
        async with asyncio.TaskGroup() as tasks:

            async def meet(host: str) -> None:
                # Of two hosts the later one by name calls, so that they do not both.
                streams = _call(host, own, patience) if host < own else _await(host, visitors[host], patience)
                peers[host] = Peer(host, await streams)
                tasks.create_task(peers[host].listen())

            for meeting in [tasks.create_task(meet(host)) for host in others]:
                await meeting
            server.close()
            yield peers
            for peer in peers.values():
                await peer.say_goodbye()
            # The group ends when every listener has heard a goodbye.
    except ExceptionGroup as group:
        cause = next((error for error in group.exceptions if isinstance(error, JobError)), group.exceptions[0])
        await _tell(list(peers.values()), _reason(own, cause))
        raise cause from None
    finally:
        server.close()
        for peer in peers.values():
            peer.hang_up()


def _reason(own: str, cause: Exception) -> str:
    """What the others are told. An error that nobody expected may repeat anything, so only its kind is named."""
    if isinstance(cause, PeerError):
        return str(cause)
    return f"{own}: {cause if isinstance(cause, JobError) else type(cause).__name__}"


async def _tell(peers: Sequence[Peer], reason: str) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FAREWELL_SECONDS):
            # Some may be gone already.
            await asyncio.gather(*(peer.fail(reason) for peer in peers), return_exceptions=True)


async def _call(host: str, own: str, patience: float) -> Streams:
    """Connect to a host, again and again, from the look-up of its name on."""
    deadline = time.monotonic() + patience
    while True:
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                reader, writer = await asyncio.open_connection(host, PORT)
                await _write(writer, {"hello": own})
                return reader, writer
        except OSError as error:  # that a name is unknown is one, and so is that the time is over
            if time.monotonic() >= deadline:
                raise PeerError(f"{host} cannot be reached: {error or 'no answer'}") from error
        await asyncio.sleep(PAUSE_SECONDS)


async def _await(host: str, visitor: asyncio.Future[Streams], patience: float) -> Streams:
    """Wait for a host that is to call."""
    try:
        async with asyncio.timeout(patience):
            return await visitor
    except TimeoutError as error:
        raise PeerError(f"{host} did not appear within {patience:g} s") from error


async def _welcome(
    visitors: dict[str, asyncio.Future[Streams]], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Take the connection of a host that introduces itself, and of nobody else."""
    with contextlib.suppress(EOFError, OSError, ValueError):
        async with asyncio.timeout(ATTEMPT_SECONDS):
            visitor = visitors.get(str((await _read(reader)).get("hello")))
        if visitor is not None and not visitor.done():
            visitor.set_result((reader, writer))
            return
    writer.close()


async def _write(writer: asyncio.StreamWriter, message: dict[str, object]) -> None:
    encoded = json.dumps(message).encode()
    writer.write(len(encoded).to_bytes(8, "big") + encoded)
    await writer.drain()


async def _read(reader: asyncio.StreamReader) -> dict[str, Any]:
    size = int.from_bytes(await reader.readexactly(8), "big")
    message = json.loads(await reader.readexactly(size))
    if not isinstance(message, dict):
        raise ValueError("a message is an object")  # noqa: TRY004 - it is what a peer has sent that is wrong
    return message


def _notice_silence(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENCE_SECONDS // 4)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENCE_SECONDS // 4)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE_SECONDS * 1000)
