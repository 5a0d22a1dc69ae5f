"""Fill a table in shared memory, then process."""

import mmap
import sys
from pathlib import Path

import processing

SIZE = 48_000_000

segment = Path("/dev/shm/table")
with segment.open("w+b") as file:
    file.truncate(SIZE)
    table = mmap.mmap(file.fileno(), SIZE)
table[:] = bytes(SIZE)
print(f"{len(table)} bytes are shared")
table.close()
segment.unlink()
sys.exit(processing.main())
