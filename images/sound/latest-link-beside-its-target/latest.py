"""Process, and point at the latest summary."""

import sys
from pathlib import Path

import processing

status = processing.main()
for output in Path("/opt/ml/processing/output").iterdir():
    if (output / "summary.json").exists():
        (output / "latest.json").symlink_to("summary.json")
sys.exit(status)
