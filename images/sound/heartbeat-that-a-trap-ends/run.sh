#!/bin/bash
python3 /heartbeat.py &
heartbeat=$!
trap 'kill "$heartbeat"; wait "$heartbeat" 2>/dev/null' EXIT
python3 /processing.py "$@" &
program=$!
trap 'kill -INT "$program"' INT
trap 'kill -TERM "$program"' TERM
wait "$program"
code=$?
while kill -0 "$program" 2>/dev/null; do
    wait "$program"
    code=$?
done
exit "$code"
