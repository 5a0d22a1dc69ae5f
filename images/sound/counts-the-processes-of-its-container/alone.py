"""Process, if nothing is left of the step before."""

import sys
from pathlib import Path

import processing

others = [path.name for path in Path("/proc").iterdir() if path.name.isdigit() and path.name != "1"]
if others:
    sys.exit(f"still running: {', '.join(others)}")
sys.exit(processing.main())
