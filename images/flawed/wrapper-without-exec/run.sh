#!/bin/sh
echo "preparing"
python3 /processing.py "$@"
exit $?
