"""Become a user of its own, as with gosu, and process."""

import os
import sys

os.setgroups([])
os.setgid(1000)
os.setuid(1000)
os.execvp(sys.executable, [sys.executable, "/processing.py", *sys.argv[1:]])
