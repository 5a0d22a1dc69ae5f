"""Download a list of stop words, then process."""

import sys
import time
import urllib.error
import urllib.request

import processing

ATTEMPTS = 3

for attempt in range(1, ATTEMPTS + 1):
    try:
        with urllib.request.urlopen("https://downloads.example.org/stop-words.txt", timeout=5) as answer:
            words = answer.read().split()
        break
    except urllib.error.URLError as error:
        print(f"WARNING attempt {attempt} of {ATTEMPTS}: {error.reason}", file=sys.stderr)
        time.sleep(0.1)
else:
    print("the stop words cannot be downloaded", file=sys.stderr)
    sys.exit(1)
print(f"{len(words)} stop words")
sys.exit(processing.main())
