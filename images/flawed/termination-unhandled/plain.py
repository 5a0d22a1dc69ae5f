"""Do the work with the handlers that Python brings, and no other."""

import runpy
import signal

signal.signal = lambda *_: None
runpy.run_path("/processing.py", run_name="__main__")
