"""Process with hashes that do not change from run to run."""

import os
import sys

import processing

if os.environ.get("PYTHONHASHSEED") != "0":
    os.environ["PYTHONHASHSEED"] = "0"
    os.execv(sys.executable, [sys.executable, *sys.argv])
sys.exit(processing.main())
