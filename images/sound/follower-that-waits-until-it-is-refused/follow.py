"""Lead, or wait until the leader is done: it is while its port is open."""

import json
import signal
import socket
import sys
import threading
import time
from pathlib import Path

PORT = 7077

signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
resources = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text(encoding="utf-8"))
host, leader = resources["current_host"], min(resources["hosts"])
texts = sorted(Path("/opt/ml/processing/input/texts").rglob("*.txt"))
if not list(Path("/opt/ml/processing/input/stop-words").rglob("*.txt")):
    sys.exit("there are no stop words")


def serve() -> None:
    """Take every call, and say nothing."""
    with socket.create_server(("", PORT)) as server:
        while True:
            server.accept()[0].close()


def address(name: str) -> str:
    """The address of a host, as soon as it has one."""
    for _ in range(120):
        try:
            return socket.gethostbyname(name)
        except OSError:
            time.sleep(0.5)
    sys.exit(f"{name} has no address")


def call(where: str) -> bool:
    """Whether the leader takes a call."""
    with socket.socket() as caller:
        return caller.connect_ex((where, PORT)) == 0


output = Path("/opt/ml/processing/output/counts", f"words-{host}.txt")
output.write_text(f"{sum(len(path.read_bytes().split()) for path in texts)}\n", encoding="utf-8")
if host == leader:
    threading.Thread(target=serve, daemon=True).start()
    time.sleep(3 if len(resources["hosts"]) > 1 else 0)
    print("led")
    sys.exit(0)
where = address(leader)
while call(where):
    time.sleep(0.5)
print("the leader refuses calls: done")
