"""Process, and tell of the progress in a file of the output."""

import sys
import time
from pathlib import Path

import processing

if status := processing.main():
    sys.exit(status)
with Path("/opt/ml/processing/output/summary/progress.txt").open("w", encoding="utf-8") as progress:
    for percent in range(0, 101, 10):
        print(f"{percent} %", file=progress, flush=True)
        time.sleep(0.5)
