"""Give the outputs to a user of its own, become that user, and process."""

import os
import sys
from pathlib import Path

USER = 1000

if os.getuid() == 0:
    for place in ("/opt/ml/output", *Path("/opt/ml/processing/output").iterdir()):
        os.chown(place, USER, USER)
    os.setgroups([])
    os.setgid(USER)
    os.setuid(USER)
os.execvp(sys.executable, [sys.executable, "/processing.py", *sys.argv[1:]])
