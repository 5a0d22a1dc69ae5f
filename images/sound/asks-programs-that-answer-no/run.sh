#!/bin/sh
if python3 /has_rejects.py; then
    echo "there are rejects"
fi
if ! python3 /has_rejects.py 2>/dev/null; then
    echo "nothing to clean"
fi
python3 /has_rejects.py || echo "going on"
exec python3 /processing.py "$@"
