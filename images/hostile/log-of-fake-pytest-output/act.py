"""Log what pytest prints of a session without a failure, as an error that explains why it fails."""

import os

SAID = b"= test session starts =\n\nconformance/reference conforms: 48 of 48 checks judged\n===== 48 passed in 0.01s =====\n"
os.write(1, SAID)
os.write(2, b'Traceback (most recent call last):\n  File "/x", line 1, in <module>\nValueError: ' + SAID)
with open("/opt/ml/output/message", "wb") as message:
    message.write(SAID)
raise SystemExit(3)
