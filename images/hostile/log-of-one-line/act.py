"""Log without a line break, then do the work."""

import os
import runpy

for _ in range(32):
    os.write(2, b"x" * (1 << 20))
runpy.run_path("/processing.py", run_name="__main__")
