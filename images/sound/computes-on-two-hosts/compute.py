"""Compute on every host, and count the words of this host's share."""

import json
import signal
import sys
import time
from pathlib import Path

SECONDS = 4

signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
host = json.loads(Path("/opt/ml/config/resourceconfig.json").read_text(encoding="utf-8"))["current_host"]
begun = time.monotonic()
words = sum(len(path.read_bytes().split()) for path in Path("/opt/ml/processing/input/texts").rglob("*.txt"))
if not list(Path("/opt/ml/processing/input/stop-words").rglob("*")):
    sys.exit("there are no stop words")
while time.process_time() < SECONDS:
    sum(number * number for number in range(10_000))
output = Path("/opt/ml/processing/output/counts", f"words-{host}.txt")
output.write_text(f"{words}\n", encoding="utf-8")
print(f"{words} words; {SECONDS} s of work took {time.monotonic() - begun:.1f} s")
