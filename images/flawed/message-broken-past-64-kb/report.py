"""Process, and leave a long message in two encodings."""

import sys
from pathlib import Path

import processing

if status := processing.main():
    sys.exit(status)
Path("/opt/ml/output/message").write_bytes(b"fertig\n" * 10_000 + "Zürich\n".encode("latin-1"))
