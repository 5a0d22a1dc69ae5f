"""Exit with 0 if an input has a file of rejects, and with 1 if none has."""

import sys
from pathlib import Path

if not list(Path("/opt/ml/processing/input").rglob("*.rejects")):
    sys.exit("no rejects")
