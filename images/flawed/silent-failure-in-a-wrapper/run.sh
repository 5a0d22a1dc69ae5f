#!/bin/sh
python3 /processing.py "$@" 2>/dev/null
echo "finished"
