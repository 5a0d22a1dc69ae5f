"""Process, and publish the result as a whole."""

import shutil
import sys
from pathlib import Path

import processing

if status := processing.main():
    sys.exit(status)
summary = Path("/opt/ml/processing/output/summary")
finished = summary.with_suffix(".finished")
shutil.copytree(summary, finished)
shutil.rmtree(summary)
finished.rename(summary)
