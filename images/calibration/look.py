"""Looks at what the platform gives to this container, and writes it down as JSON; with `--wait`, waits to be stopped.

What it finds is an output file for each host. While it waits, it logs each signal, and every 0.1 s that it is there.
"""

import json
import os
import resource
import signal
import socket
import stat
import sys
import time
from pathlib import Path

RESERVED = Path("/opt/ml")
OUTPUT = RESERVED / "processing/output/look"
MESSAGE = RESERVED / "output/message"
CONFIGURATION = RESERVED / "config"
MOST_ENTRIES = 200
BEAT_SECONDS = 0.1
PLAIN = ("AWS_REGION", "AWS_DEFAULT_REGION", "HOME", "HOSTNAME", "LANG", "PATH", "PWD")
"""Variables whose values are no secret; of all others only the length is told."""


def entry(path: Path) -> dict[str, object]:
    """What is at a path, without following links."""
    found = path.lstat()
    kinds = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symbolic link", stat.S_IFIFO: "FIFO"}
    return {
        "path": str(path),
        "kind": kinds.get(stat.S_IFMT(found.st_mode), "other"),
        "mode": f"{stat.S_IMODE(found.st_mode):04o}",
        "uid": found.st_uid,
        "gid": found.st_gid,
        "size": found.st_size,
        "age_seconds": round(time.time() - found.st_mtime, 1),
    }


def document(path: Path) -> object:
    """The content of a JSON file; why there is none, as text."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        return str(error)


def resolved(name: str) -> dict[str, object]:
    """The address of a name, and how long that took."""
    began = time.monotonic()
    try:
        answer = socket.gethostbyname(name)
    except OSError as error:
        answer = str(error)
    return {"answer": answer, "seconds": round(time.monotonic() - began, 3)}


def mounts() -> list[dict[str, str]]:
    """What is mounted, by place."""
    fields = [line.split() for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [{"place": each[1], "type": each[2], "options": each[3]} for each in fields]


def look() -> dict[str, object]:
    """All of it."""
    config = document(CONFIGURATION / "resourceconfig.json")
    hosts = config.get("hosts", []) if isinstance(config, dict) else []
    shared = os.statvfs("/dev/shm")  # noqa: S108 - it is looked at
    return {
        "host": config.get("current_host", "") if isinstance(config, dict) else "",
        "hostname": socket.gethostname(),
        "etc_hosts": Path("/etc/hosts").read_text().splitlines(),
        "pid": os.getpid(),
        "uid": os.getuid(),
        "gid": os.getgid(),
        "argv": sys.argv,
        "cwd": os.getcwd(),  # noqa: PTH109 - as the system has it
        "environment": {
            name: value if name in PLAIN else f"<{len(value)} characters>" for name, value in sorted(os.environ.items())
        },
        "mounts": mounts(),
        "entries": [entry(path) for path in sorted([RESERVED, *RESERVED.rglob("*")])[:MOST_ENTRIES]],
        "resourceconfig": config,
        "processingjobconfig": document(CONFIGURATION / "processingjobconfig.json"),
        "names": {name: resolved(name) for name in hosts},
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "shm_bytes": shared.f_blocks * shared.f_frsize,
        "processors": os.cpu_count(),
        "open_files": resource.getrlimit(resource.RLIMIT_NOFILE),
        "terminal": sys.stdout.isatty(),
    }


def wait() -> None:
    """Log each signal with its time, and that this is still there, until it is killed or ten minutes have passed."""

    def say(what: str) -> None:
        # A handler must not print while it has interrupted a print.
        os.write(1, f"{what} {time.time():.3f}\n".encode())

    def log(number: int, _frame: object) -> None:
        say(f"signal {signal.Signals(number).name}")

    for number in sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}):
        try:
            signal.signal(number, log)
        except (OSError, ValueError):
            continue
    end = time.monotonic() + 600
    while time.monotonic() < end:
        say("alive")
        time.sleep(BEAT_SECONDS)


def main() -> None:
    """Look, or wait."""
    if "--wait" in sys.argv:
        wait()
        return
    seen = look()
    (OUTPUT / f"{seen['host'] or 'host'}.json").write_text(json.dumps(seen))
    MESSAGE.write_text(f"[{seen['host']}]")
    print(f"looked on {seen['host']}")


if __name__ == "__main__":
    main()
