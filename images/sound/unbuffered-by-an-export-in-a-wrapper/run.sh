#!/bin/bash
set -a
PYTHONUNBUFFERED=yes
exec python3 /processing.py "$@"
