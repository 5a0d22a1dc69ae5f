"""The process that holds an AWS for each run of a job: it loads moto once, and forks for each order that it reads.

So every run has buckets of its own, whatever their names, and takes all that it holds with it when it ends. As a
program it is started with its path; see `conformance.aws.process`.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from conformance.aws.order import Order


def main(path: list[str]) -> None:
    """Read orders from stdin until its end, and then end all that was made of them."""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    sys.path[:] = [str(Path(__file__).parents[2]), *path]
    from conformance.aws import serving  # noqa: PLC0415 - the path is known only now
    from conformance.aws.order import END, ENDED, GONE, READY, Order  # noqa: PLC0415 - as above

    # What libraries print is no answer.
    answers = os.dup(sys.stdout.fileno())
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    serving.warm_up()
    children: dict[str, int] = {}
    # Nobody writes to it: it ends where this process does, however that is.
    parent, mine = os.pipe()
    os.write(answers, READY)
    for line in sys.stdin.buffer:
        if line.startswith(END):
            was_there = _end(children.pop(json.loads(line[len(END) :]), 0))
            os.write(answers, ENDED if was_there else GONE)
            continue
        order = Order.decoded(line)
        sockets = {host: serving.listener(order.socket(host)) for host in order.credentials}
        child = os.fork()
        if not child:
            os.close(answers)
            os.close(mine)
            _be(order, sockets, parent)
        for each in sockets.values():
            each.close()
        children[order.directory] = child
        os.write(answers, READY)
    for child in children.values():
        _end(child)


def _be(order: Order, sockets: dict[str, socket.socket], parent: int) -> None:
    """Serve until this process is killed, or the one that made it is gone."""
    from conformance.aws import serving  # noqa: PLC0415 - as above
    from conformance.aws.application import Application  # noqa: PLC0415 - as above

    os.close(sys.stdin.fileno())
    threading.Thread(target=lambda: os.read(parent, 1) or os._exit(0), daemon=True).start()
    # What moto has to keep on disk goes with the directory.
    tempfile.tempdir = order.directory
    try:
        with serving.servers(order, sockets, Application()) as servers:
            for server in servers[1:]:
                threading.Thread(target=server.serve_forever, daemon=True).start()
            servers[0].serve_forever()
    finally:
        os._exit(1)


def _end(child: int) -> bool:
    """End what was made of an order; False where it had ended already, which it never does by itself."""
    if not child or os.waitpid(child, os.WNOHANG)[0]:
        return False
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
