"""Log much, then do the work."""

import os
import runpy

for _ in range(1024):
    os.write(1, (b"x" * 1023 + b"\n") * 1024)
runpy.run_path("/processing.py", run_name="__main__")
