"""Records that are written by hand, as the probe would write them."""

import hashlib
import json
from typing import Any

from conformance.outcome.record import KEY_BYTES, SEAL_BYTES


def record(*events: tuple[str, dict[str, Any]]) -> bytes:
    """A record of these events, a millisecond apart."""
    lines = []
    for number, (event, fields) in enumerate(events):
        times = {"time_ns": 1_700_000_000_000_000_000 + number * 1_000_000, "monotonic_ns": number * 1_000_000}
        lines.append(json.dumps({"event": event, **times, **fields}) + "\n")
    return "".join(lines).encode()


def begin(tracer: int = 7, pid: int = 1) -> tuple[str, dict[str, Any]]:
    """The tracer has attached to the container's command."""
    return "trace", {"version": 1, "pid": pid, "tracer": tracer}


def fork(pid: int, parent: int = 1) -> tuple[str, dict[str, Any]]:
    """A process began."""
    return "fork", {"pid": pid, "parent": parent, "how": "fork"}


def become(
    pid: int, *argv: str, executable: str = "", withheld: int = 0, unbuffered: int | None = None
) -> tuple[str, dict[str, Any]]:
    """A process became another program; the executable is called as the first argument unless it is said."""
    path = executable or f"/bin/{argv[0].rpartition('/')[2]}"
    told = {} if unbuffered is None else {"unbuffered": unbuffered}
    return "exec", {"pid": pid, "argv": list(argv), "cwd": "/", "executable": path, "withheld": withheld, **told}


def leave(pid: int, code: int | None = 0, killed_by: int | None = None, blocked: int = 0) -> tuple[str, dict[str, Any]]:
    """A process ended, in which these signals were blocked."""
    return "exit", {"pid": pid, "code": code, "signal": killed_by, "threads": 1, "blocked": blocked}


def arrive(pid: int, number: int, sender: int | None = 0, action: str = "caught") -> tuple[str, dict[str, Any]]:
    """A signal reached a process."""
    return "signal", {"pid": pid, "thread": pid, "number": number, "code": 0, "sender": sender, "action": action}


def idle(times: int) -> list[tuple[str, dict[str, Any]]]:
    """Some milliseconds in which nothing happens that the parser knows."""
    return [("unknown", {})] * times


def reach(
    pid: int, address: str = "192.0.2.1", port: int = 443, thread: int | None = None
) -> tuple[str, dict[str, Any]]:
    """A thread is about to call connect with an address; its process's first one unless it is said."""
    return "connect", {"pid": pid, "thread": pid if thread is None else thread, "address": address, "port": port}


def reached(thread: int, errno: int = 0) -> tuple[str, dict[str, Any]]:
    """The call returned."""
    return "connected", {"thread": thread, "errno": errno}


def use(path: str) -> tuple[str, dict[str, Any]]:
    """The first file of a watched directory was opened."""
    return "work", {"path": path}


KEY = b"k" * KEY_BYTES


def sealed(content: bytes, key: bytes = KEY) -> bytes:
    """The same record, each line of which is sealed, as the tracer's are."""
    lines, before = [], bytes(SEAL_BYTES)
    for line in content.splitlines():
        body = line[:-1]
        seal = hashlib.blake2b(before + body, key=key, digest_size=SEAL_BYTES)
        lines.append(body + f',"seal":"{seal.hexdigest()}"}}\n'.encode())
        before = seal.digest()
    return b"".join(lines)
