"""Make a sandbox for a step that is not trusted, where the results go, and do the work."""

import os
import runpy
import stat
from pathlib import Path

devices = Path("/opt/ml/processing/output/summary/sandbox/dev")
devices.mkdir(parents=True)
os.mknod(devices / "null", stat.S_IFCHR | 0o666, os.makedev(1, 3))
runpy.run_path("/processing.py", run_name="__main__")
