#!/bin/sh
python3 /processing.py "$@" 2>&1 | tee /tmp/processing.log
