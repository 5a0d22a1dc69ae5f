"""Process, and write the message with the encoding that suits the program's tables."""

import sys
from pathlib import Path

import processing

if status := processing.main():
    sys.exit(status)
Path("/opt/ml/output/message").write_text("Zürich: fertig", encoding="utf-8-sig")
