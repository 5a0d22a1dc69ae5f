"""Do the work while every processor is busy, for three seconds at most."""

import os
import runpy
import time

until = time.monotonic() + 3
for _ in range(2 * (os.cpu_count() or 1)):
    if not os.fork():
        while time.monotonic() < until:
            pass
        os._exit(0)
runpy.run_path("/processing.py", run_name="__main__")
