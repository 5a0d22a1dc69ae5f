#!/bin/sh
python3 /processing.py "$@" &
wait $!
