#!/bin/sh
exec env -i PATH="$PATH" PYTHONUNBUFFERED=1 python3 /processing.py "$@"
