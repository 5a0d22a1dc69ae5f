"""Refuse to run under a debugger, as programs under a licence do, then process."""

import sys
from pathlib import Path

import processing

status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines())
if int(status["TracerPid"]):
    sys.exit("a debugger is attached")
sys.exit(processing.main())
