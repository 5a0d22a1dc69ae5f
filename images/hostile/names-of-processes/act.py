"""Start programs under odd names, then do the work."""

import os
import runpy
import sys

for name in ("\x1b]0;owned\x07", "1) S 1 (x\n::error::owned", "/.conformance/probe", "", "<script>owned()</script>"):
    child = os.fork()
    if not child:
        with open("/proc/self/comm", "w") as comm:
            comm.write(name[:15] or "x")
        os.execv(sys.executable, [name, "-c", "pass", name * 100])
    os.waitpid(child, 0)
runpy.run_path("/processing.py", run_name="__main__")
