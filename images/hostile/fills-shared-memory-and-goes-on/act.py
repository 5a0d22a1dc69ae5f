"""Fill /dev/shm, then do the work."""

import contextlib
import runpy

with contextlib.suppress(OSError), open("/dev/shm/filler", "wb") as filler:
    for _ in range(300):
        filler.write(b"x" * (1 << 20))
runpy.run_path("/processing.py", run_name="__main__")
