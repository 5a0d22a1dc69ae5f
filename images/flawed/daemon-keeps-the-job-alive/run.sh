#!/bin/sh
set -e
python3 /processing.py "$@"
python3 -m http.server --directory /opt/ml/processing/output 8080
