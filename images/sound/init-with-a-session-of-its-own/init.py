"""Start a program, hand every signal on to it's group, reap what is orphaned, and leave as it left."""

import os
import signal
import sys

child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, setsid=True)


def hand_on(number: int, _frame: object) -> None:
    """Send the signal to the program's group."""
    os.kill(-child, number)


for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1):
    signal.signal(number, hand_on)
while True:
    ended, status = os.wait()
    if ended == child:
        code = os.waitstatus_to_exitcode(status)
        os._exit(code if code >= 0 else 128 - code)
