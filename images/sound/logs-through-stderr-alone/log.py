"""Process, and log to stderr."""

import contextlib
import sys

import processing

with contextlib.redirect_stdout(sys.stderr):
    sys.exit(processing.main())
