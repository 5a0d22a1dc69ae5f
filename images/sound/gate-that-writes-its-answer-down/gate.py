"""Whether there are measurements, all of them text."""

from pathlib import Path

files = [path for path in Path("/opt/ml/processing/input/measurements").rglob("*") if path.is_file()]
if not files:
    raise ValueError("there are no measurements")
for path in files:
    path.read_text(encoding="utf-8")
