"""Make sockets, then do the work."""

import runpy
import socket

kept = []
for number in range(20):
    kept.append(socket.socket(socket.AF_UNIX))
    kept[-1].bind(f"/opt/ml/processing/output/summary/{number}")
runpy.run_path("/processing.py", run_name="__main__")
