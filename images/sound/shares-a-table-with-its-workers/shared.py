"""Let a worker fill a table in shared memory, then process."""

import multiprocessing
import sys
from multiprocessing import shared_memory

import processing


def fill(name: str) -> None:
    """Fill the table of that name."""
    table = shared_memory.SharedMemory(name)
    table.buf[:] = bytes(len(table.buf))
    table.close()


if __name__ == "__main__":
    table = shared_memory.SharedMemory(create=True, size=1 << 20)
    worker = multiprocessing.Process(target=fill, args=(table.name,))
    worker.start()
    worker.join()
    print(f"{len(table.buf)} bytes are shared")
    table.close()
    table.unlink()
    sys.exit(processing.main() or worker.exitcode)
