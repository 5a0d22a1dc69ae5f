"""Do the work, then leave a message of holes."""

import atexit
import os
import runpy

atexit.register(lambda: os.truncate("/opt/ml/output/message", 1 << 40))
runpy.run_path("/processing.py", run_name="__main__")
