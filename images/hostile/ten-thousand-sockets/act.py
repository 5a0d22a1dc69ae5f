"""Open sockets until it is refused, then do the work."""

import contextlib
import runpy
import socket

kept = []
with contextlib.suppress(OSError):
    for _ in range(10000):
        kept.append(socket.socket())
for each in kept:
    each.close()
runpy.run_path("/processing.py", run_name="__main__")
