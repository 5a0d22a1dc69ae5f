"""Trace every other process, then do the work."""

import ctypes
import os
import runpy

libc = ctypes.CDLL(None)

ATTACH, DETACH = 16, 17
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) != os.getpid():
        if libc.ptrace(ATTACH, int(name), 0, 0) == 0:
            os.waitpid(int(name), 0)
            libc.ptrace(DETACH, int(name), 0, 0)
        for file in ("mem", "environ", "maps"):
            try:
                os.close(os.open(f"/proc/{name}/{file}", os.O_RDWR if file == "mem" else os.O_RDONLY))
                print("opened", file, "of another process")
            except OSError:
                pass
runpy.run_path("/processing.py", run_name="__main__")
