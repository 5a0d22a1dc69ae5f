"""Write to the files by which names are found, then do the work."""

import runpy

for path in ("/etc/hosts", "/etc/resolv.conf", "/etc/passwd", "/etc/nsswitch.conf"):
    with open(path, "a") as file:
        file.write("\n127.0.0.1 algo-1 algo-2\nroot:x:1:1::/:\n\0")
runpy.run_path("/processing.py", run_name="__main__")
