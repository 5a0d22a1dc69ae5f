"""Process, and write a file under the very bytes of its name in an archive."""

import os
import shutil
import sys
from pathlib import Path

import processing

NAME_IN_ARCHIVE = "Zürich.csv".encode("latin-1")

if status := processing.main():
    sys.exit(status)
summary = Path("/opt/ml/processing/output/summary")
shutil.copy(summary / "summary.csv", summary / os.fsdecode(NAME_IN_ARCHIVE))
