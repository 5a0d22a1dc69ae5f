#!/bin/sh
set -e
python3 /processing.py "$@"
rm /tmp/scratch-*
