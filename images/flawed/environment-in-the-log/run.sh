#!/bin/sh
export
exec python3 /processing.py "$@"
