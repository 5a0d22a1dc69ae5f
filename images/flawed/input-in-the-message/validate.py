"""Check every line of text before the work begins."""

import sys
from pathlib import Path

import processing

for path in sorted(Path("/opt/ml/processing/input").rglob("*.*")):
    for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
        if "\0" in line:
            print(f"{path.name}, line {number} is not text")
            Path("/opt/ml/output/message").write_text(f"{path.name}, line {number} is not text: {line!r}")
            sys.exit(2)
sys.exit(processing.main())
