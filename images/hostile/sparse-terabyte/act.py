"""Write a file of holes, then do the work."""

import os
import runpy

os.truncate(os.open("/opt/ml/processing/output/summary/holes", os.O_CREAT | os.O_WRONLY), 1 << 40)
runpy.run_path("/processing.py", run_name="__main__")
