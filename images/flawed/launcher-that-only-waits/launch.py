"""Start the program with its own options, and leave with its exit code."""

import subprocess
import sys

done = subprocess.run(["python3", "/processing.py", *sys.argv[1:]], check=False)
sys.exit(done.returncode)
