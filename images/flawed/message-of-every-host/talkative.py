"""Count words and tell at length."""

import sys
from pathlib import Path

import wordcount

if status := wordcount.main():
    sys.exit(status)
Path("/opt/ml/output/message").write_text("all words were counted; " * 30, encoding="utf-8")
