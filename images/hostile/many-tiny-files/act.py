"""Write a million files, a thousand to a directory, then do the work."""

import os
import runpy

for number in range(1_000_000):
    if number % 1000 == 0:
        os.mkdir(f"/opt/ml/processing/output/summary/{number}")
        os.chdir(f"/opt/ml/processing/output/summary/{number}")
    os.close(os.open(str(number), os.O_CREAT))
runpy.run_path("/processing.py", run_name="__main__")
