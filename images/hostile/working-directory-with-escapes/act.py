"""Fail in a directory with a name that steers terminals."""

import os

raise SystemExit(f"no such file: {os.getcwd()}")
