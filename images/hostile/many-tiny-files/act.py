"""Write many files, then do the work."""

import os
import runpy

for number in range(6000):
    os.close(os.open(f"/opt/ml/processing/output/summary/{number}", os.O_CREAT))
runpy.run_path("/processing.py", run_name="__main__")
