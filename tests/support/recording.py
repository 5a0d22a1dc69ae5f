"""Records that are written by hand, as the probe would write them."""

import json
from typing import Any


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


def counted(content: bytes) -> bytes:
    """The same record, each line of which says how many bytes were written before it, as the tracer's do."""
    lines, written = [], 0
    for line in content.splitlines():
        lines.append(line[:-1] + f', "written": {written}}}\n'.encode())
        written += len(lines[-1])
    return b"".join(lines)
