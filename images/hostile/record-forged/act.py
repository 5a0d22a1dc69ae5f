"""Invent an event, then do the work."""

import os
import runpy

RECORD = "/.conformance/record"
if os.path.exists(RECORD):
    with open(RECORD, "ab") as record:
        record.write(
            b'{"event":"signal","time":1.0,"at":1.0,"signal":2,"sender":0,"pid":1,"action":"caught","seal":"00112233445566778899aabbccddeeff"}\n'
        )
runpy.run_path("/processing.py", run_name="__main__")
