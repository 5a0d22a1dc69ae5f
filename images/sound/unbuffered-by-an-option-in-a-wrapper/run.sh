#!/bin/sh
exec python3 -u /processing.py "$@"
