"""Ask whether to go on, and process."""

import sys

import processing

if input("This replaces the last summary. Go on? [y/N] ").lower() != "y":
    sys.exit("left as it was")
sys.exit(processing.main())
