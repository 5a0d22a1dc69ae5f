#!/bin/sh
# The first process of an engine's namespaces where its daemon is started again whenever it ends, until SIGTERM.
#
#   restarting.sh DAEMON...
#
# A daemon that was killed is started after the time in /engine/pause, in seconds, if there is such a file.
over=
trap 'over=yes; kill "$daemon"' TERM
until [ "$over" ]; do
    rm -f /run/docker.pid
    "$@" &
    daemon=$!
    wait "$daemon"
    # A signal for this process ends `wait` as well.
    [ -z "$over" ] || wait "$daemon"
    [ ! -e /engine/pause ] || sleep "$(cat /engine/pause)"
done
