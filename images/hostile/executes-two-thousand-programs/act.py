"""Start many programs, then do the work."""

import os
import runpy

for _ in range(2000):
    child = os.posix_spawn("/bin/sh", ["sh", "-c", ":", "x" * 60000], {})
    os.waitpid(child, 0)
runpy.run_path("/processing.py", run_name="__main__")
