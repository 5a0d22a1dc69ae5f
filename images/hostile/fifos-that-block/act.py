"""Do the work, then leave FIFOs."""

import atexit
import os
import runpy


def leave() -> None:
    for path in (
        "/opt/ml/output/message",
        "/opt/ml/config/processingjobconfig.json",
        "/opt/ml/processing/output/summary/fifo",
    ):
        if os.path.exists(path):
            os.unlink(path)
        os.mkfifo(path)


atexit.register(leave)
runpy.run_path("/processing.py", run_name="__main__")
