"""Fill a segment of shared memory for workers, as loaders of training data do, then process."""

import sys
from multiprocessing import shared_memory

import processing

SIZE = 100_000_000

batch = shared_memory.SharedMemory(create=True, size=SIZE)
batch.buf[:] = bytes(SIZE)
batch.close()
batch.unlink()
sys.exit(processing.main())
