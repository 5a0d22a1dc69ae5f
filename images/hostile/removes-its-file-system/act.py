"""Do the work, then remove everything but the outputs."""

import atexit
import os
import runpy
import shutil

KEPT = {"proc", "sys", "dev", "opt"}


def remove() -> None:
    for name in set(os.listdir("/")) - KEPT:
        shutil.rmtree(f"/{name}", ignore_errors=True)


atexit.register(remove)
runpy.run_path("/processing.py", run_name="__main__")
