#!/bin/sh
python3 /previews.py || echo "no previews"
exec python3 /processing.py "$@"
