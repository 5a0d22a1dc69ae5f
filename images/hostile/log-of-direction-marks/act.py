"""Log marks that turn the direction of text, as an error that explains why it fails."""

import os

SAID = "\u202eowned\u2066\u2067\u200f\u202d\ufeff\u2028\u2029\n".encode()
os.write(1, SAID)
os.write(2, b'Traceback (most recent call last):\n  File "/x", line 1, in <module>\nValueError: ' + SAID)
with open("/opt/ml/output/message", "wb") as message:
    message.write(SAID)
raise SystemExit(3)
