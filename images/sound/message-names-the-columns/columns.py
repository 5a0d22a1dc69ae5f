"""Refuse tables without the column `temperature`, and say which columns they have; then process."""

import sys
from pathlib import Path

import processing

for table in sorted(Path("/opt/ml/processing/input/measurements").glob("*")):
    header = table.read_bytes().partition(b"\n")[0].decode(errors="replace")
    if "temperature" not in header.split(","):
        message = f"{table.name}: no column temperature, the header is {header[:30]!r}"
        print(message.partition(", the")[0], file=sys.stderr)
        processing.write(Path("/opt/ml/output/message"), message)
        sys.exit(1)
sys.exit(processing.main())
