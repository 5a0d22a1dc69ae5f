"""Do the work, then forbid everybody to read it."""

import atexit
import os
import runpy


def forbid() -> None:
    for name in os.listdir("/opt/ml/processing/output/summary"):
        os.chmod(f"/opt/ml/processing/output/summary/{name}", 0)
    os.chmod("/opt/ml/processing/output/summary", 0)
    os.chmod("/opt/ml", 0)


atexit.register(forbid)
runpy.run_path("/processing.py", run_name="__main__")
