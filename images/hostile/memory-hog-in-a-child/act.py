"""Let a child take memory, whatever becomes of it, then do the work."""

import os
import runpy

child = os.fork()
if not child:
    taken = [bytearray(b"x" * (1 << 20)) for _ in range(400)]
    os._exit(0)
os.waitpid(child, 0)
runpy.run_path("/processing.py", run_name="__main__")
