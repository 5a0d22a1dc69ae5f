"""Process, and hand on what was processed."""

import sys
from pathlib import Path

import processing

if status := processing.main():
    sys.exit(status)
done = Path("/opt/ml/processing/input/documents/readme.txt")
done.rename(Path("/opt/ml/processing/output/summary") / done.name)
