"""Fill a segment of shared memory for workers, as loaders of training data do, then process."""

import mmap
import sys
from pathlib import Path

import processing

SIZE = 100_000_000

print("making room for a batch")
segment = Path("/dev/shm/batch")
with segment.open("w+b") as file:
    file.truncate(SIZE)
    batch = mmap.mmap(file.fileno(), SIZE)
batch[:] = bytes(SIZE)
batch.close()
segment.unlink()
sys.exit(processing.main())
