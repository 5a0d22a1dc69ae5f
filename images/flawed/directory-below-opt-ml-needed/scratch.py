"""Process, with room for temporary files where the data are."""

import sys
import tempfile

import processing

with tempfile.TemporaryDirectory(dir="/opt/ml/scratch"):
    status = processing.main()
sys.exit(status)
