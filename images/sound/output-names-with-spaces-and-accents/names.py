"""Process, and write the summary again under a name as people give them."""

import sys
from pathlib import Path

import processing

status = processing.main()
for output in Path("/opt/ml/processing/output").iterdir():
    if (output / "summary.json").exists():
        deep = output.joinpath(*"abcdefghijkl")
        deep.mkdir(parents=True)
        (deep / "Überblick 100 % (+1) #2 & mehr.txt").write_text("été\n", encoding="utf-8")
sys.exit(status)
