"""Make previews where the font is installed."""

import sys
from pathlib import Path

if not Path("/usr/share/fonts/preview.ttf").exists():
    sys.exit("preview.ttf is not installed")
