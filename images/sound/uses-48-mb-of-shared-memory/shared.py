"""Hand a table to a worker through shared memory, then process."""

import sys
from multiprocessing import shared_memory

import processing

MEGABYTES = 48

table = shared_memory.SharedMemory(create=True, size=MEGABYTES << 20)
table.buf[:] = bytes(MEGABYTES << 20)
print(f"{len(table.buf)} bytes are shared")
table.close()
table.unlink()
sys.exit(processing.main())
