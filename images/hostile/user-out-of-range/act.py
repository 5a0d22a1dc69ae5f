"""Do the work."""

import runpy

runpy.run_path("/processing.py", run_name="__main__")
