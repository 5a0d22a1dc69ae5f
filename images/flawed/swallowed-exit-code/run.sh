#!/bin/sh
python3 /processing.py "$@" || true
