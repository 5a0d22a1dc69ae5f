"""Process as the settings say."""

import json
import sys
from pathlib import Path

import processing

settings = json.loads(Path("/opt/ml/code/settings.json").read_text(encoding="utf-8"))
if settings["verbose"]:
    print("verbose")
sys.exit(processing.main())
