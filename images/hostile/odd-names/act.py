"""Write files with odd names, then do the work."""

import os
import runpy

HERE = b"/opt/ml/processing/output/summary/"
NAMES = (
    b"a\nb",
    b"..a",
    b"...",
    b"\xff\xfe",
    b"x" * 255,
    b"-rf",
    b"\x1b]0;owned\x07",
    b"\r::error::owned",
    b"\\",
    b"%2e%2e",
    b" ",
)
for name in NAMES:
    os.close(os.open(HERE + name, os.O_CREAT))
runpy.run_path("/processing.py", run_name="__main__")
