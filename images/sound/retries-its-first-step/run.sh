#!/bin/sh
tries=0
until python3 /warm_up.py; do
    tries=$((tries + 1))
    [ "$tries" -lt 5 ] || exit 1
done
exec python3 /processing.py "$@"
