#!/bin/sh
set -e
python3 -c 'print("prepared")'
python3 /processing.py --help >/dev/null
date +%s >/tmp/begun
exec python3 /processing.py "$@"
