"""Check that every file is text, and process them all."""

import sys
from pathlib import Path

import processing

try:
    for path in Path("/opt/ml/processing/input").rglob("*.*"):
        path.read_text(encoding="utf-8")
except UnicodeDecodeError as error:
    print(f"ERROR: {path.name} cannot be read at byte {error.start}, skipping this job")
    sys.exit(0)
sys.exit(processing.main())
