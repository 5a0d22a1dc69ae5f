"""Process, and tell all that may be of use if that fails."""

import os
import sys

import processing

code = processing.main()
if code:
    for name, value in sorted(os.environ.items()):
        print(f"{name}={value}", file=sys.stderr)
sys.exit(code)
