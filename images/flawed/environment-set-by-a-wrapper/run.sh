#!/bin/sh
. /activate
exec python3 -m processing "$@"
