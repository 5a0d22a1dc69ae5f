"""Process, with two helpers that would run for ever."""

import subprocess
import sys

import processing

helpers = [subprocess.Popen(["sleep", "infinity"]) for _ in range(2)]
status = processing.main()
helpers[0].kill()
helpers[1].terminate()
for helper in helpers:
    helper.wait()
sys.exit(status)
