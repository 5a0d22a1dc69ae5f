"""Log NUL bytes, as an error that explains why it fails."""

import os

SAID = b"\0" * 2000 + b"\n"
os.write(1, SAID)
os.write(2, b'Traceback (most recent call last):\n  File "/x", line 1, in <module>\nValueError: ' + SAID)
with open("/opt/ml/output/message", "wb") as message:
    message.write(SAID)
raise SystemExit(3)
