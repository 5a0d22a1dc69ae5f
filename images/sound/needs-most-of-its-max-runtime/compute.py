"""Compute for some seconds of processor time, then process."""

import signal
import sys
import time

import processing

SECONDS = 4

signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
begun = time.monotonic()
while time.process_time() < SECONDS:
    sum(number * number for number in range(10_000))
print(f"{SECONDS} s of work took {time.monotonic() - begun:.1f} s")
sys.exit(processing.main())
