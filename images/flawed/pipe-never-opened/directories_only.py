"""Count the inputs that are directories."""

import sys

sys.path.insert(0, "/")

import processing

input_paths = processing.input_paths
processing.input_paths = lambda entries: {name: path for name, path in input_paths(entries).items() if path.is_dir()}
sys.exit(processing.main())
