"""Log commands of CI services, as an error that explains why it fails."""

import os

SAID = b"::error file=x,line=1::owned\n::add-mask::owned\n##vso[task.setvariable variable=x]owned\n##[error]owned\n##teamcity[buildStatus text='owned']\nsection_start:1:owned\r\n"
os.write(1, SAID)
os.write(2, b'Traceback (most recent call last):\n  File "/x", line 1, in <module>\nValueError: ' + SAID)
with open("/opt/ml/output/message", "wb") as message:
    message.write(SAID)
raise SystemExit(3)
