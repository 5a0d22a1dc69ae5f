"""Make one directory in another, then do the work."""

import os
import runpy

place = "/opt/ml/processing/output/summary" + 19 * ("/" + "x" * 200)
os.makedirs(place)
os.close(os.open(place + "/file", os.O_CREAT))
runpy.run_path("/processing.py", run_name="__main__")
