"""Make one directory in another, then do the work."""

import os
import runpy

os.chdir("/opt/ml/processing/output/summary")
for _ in range(300):
    os.mkdir("x" * 200)
    os.chdir("x" * 200)
os.close(os.open("file", os.O_CREAT))
os.chdir("/")
runpy.run_path("/processing.py", run_name="__main__")
