"""Wait for a child that stops itself, for a minute."""

import os
import signal
import time

if not os.fork():
    os.kill(os.getpid(), signal.SIGSTOP)
time.sleep(60)
