"""Do the work, and write to a FIFO in the place of the message while anybody reads it."""

import os
import runpy
import time

os.mkfifo("/opt/ml/output/message")
if not os.fork():
    with open("/opt/ml/output/message", "wb", buffering=0) as message:
        while True:
            message.write(b"x" * 4096)
    time.sleep(30)
runpy.run_path("/processing.py", run_name="__main__")
