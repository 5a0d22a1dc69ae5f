"""Do the work, then leave something else as message."""

import atexit
import os
import runpy

MESSAGE = "/opt/ml/output/message"


def leave() -> None:
    os.unlink(MESSAGE)
    os.mkdir(MESSAGE)


atexit.register(leave)
runpy.run_path("/processing.py", run_name="__main__")
