"""Log what steers terminals: colours, titles, links, the clipboard, as an error that explains why it fails."""

import os

SAID = b"\x1b[2J\x1b[31mred\x1b]0;owned\x07\x1b]8;;http://192.0.2.1/owned\x1b\\link\x1b]52;c;b3duZWQ=\x07\xc2\x9b31m\r\x08\x7f\n"
os.write(1, SAID)
os.write(2, b'Traceback (most recent call last):\n  File "/x", line 1, in <module>\nValueError: ' + SAID)
with open("/opt/ml/output/message", "wb") as message:
    message.write(SAID)
raise SystemExit(3)
