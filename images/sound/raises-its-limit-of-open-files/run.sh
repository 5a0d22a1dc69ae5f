#!/bin/bash
set -e
ulimit -n 16777216
exec python3 /processing.py "$@"
