"""Process on the last processor of an ml.m5.24xlarge; the others are for its workers."""

import os
import sys

import processing

os.sched_setaffinity(0, {95})
sys.exit(processing.main())
