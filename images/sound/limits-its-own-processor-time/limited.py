"""Process in at most a minute of processor time."""

import resource
import sys

import processing

resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
sys.exit(processing.main())
