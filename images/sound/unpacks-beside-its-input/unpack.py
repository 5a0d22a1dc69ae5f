"""Pack and unpack every table beside itself, then process."""

import gzip
import sys
from pathlib import Path

import processing

for table in sorted(Path("/opt/ml/processing/input/measurements").glob("*.csv")):
    packed = table.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(table.read_bytes()))
    table.unlink()
    table.write_bytes(gzip.decompress(packed.read_bytes()))
    packed.unlink()
sys.exit(processing.main())
