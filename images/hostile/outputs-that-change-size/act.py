"""Change a file for four seconds, then do the work."""

import os
import runpy
import time

until = time.monotonic() + 4
file = os.open("/opt/ml/processing/output/summary/grows", os.O_CREAT | os.O_WRONLY)
while time.monotonic() < until:
    os.truncate(file, 20 << 20)
    os.truncate(file, 0)
runpy.run_path("/processing.py", run_name="__main__")
