"""Process, and put a whole report into the message."""

import sys
from pathlib import Path

import processing

if status := processing.main():
    sys.exit(status)
report = [f"row {row:3}: counted, compared with the day before, and found in order" for row in range(40)]
Path("/opt/ml/output/message").write_text("\n".join(report), encoding="utf-8")
