"""Process, and file a copy of the summary under all the parameters that led to it."""

import shutil
import sys
from pathlib import Path

import processing

if status := processing.main():
    sys.exit(status)
summary = Path("/opt/ml/processing/output/summary")
parameters = [f"weight_of_measurement_{number:03}_in_hundredths={number * 7919 % 100}" for number in range(30)]
folder = summary.joinpath(*parameters)
folder.mkdir(parents=True)
shutil.copy(summary / "summary.csv", folder)
