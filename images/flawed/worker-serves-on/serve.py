"""Count words, and be there for more."""

import signal
import sys

import wordcount

status = wordcount.main()
job = wordcount.Job()
if status == 0 and job.host != job.leader:
    print("waiting for work")
    signal.pause()
sys.exit(status)
