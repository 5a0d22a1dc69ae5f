"""Link a file many times, then do the work."""

import os
import runpy

os.chdir("/opt/ml/processing/output/summary")
with open("0", "wb") as file:
    file.write(b"x" * (1 << 20))
for number in range(1, 3000):
    os.link("0", str(number))
runpy.run_path("/processing.py", run_name="__main__")
