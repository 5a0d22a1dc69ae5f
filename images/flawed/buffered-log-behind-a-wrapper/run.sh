#!/bin/sh
exec python3 /processing.py "$@"
