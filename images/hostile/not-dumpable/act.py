"""Be not dumpable, then do the work."""

import ctypes
import os
import runpy

libc = ctypes.CDLL(None)

libc.prctl(4, 0, 0, 0, 0)
runpy.run_path("/processing.py", run_name="__main__")
