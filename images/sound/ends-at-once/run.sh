#!/bin/sh
set -e
cd /opt/ml/processing/input
for place in *; do
    set -- $(find "$place" -type f)
    [ $# -gt 0 ] || { echo "input $place is empty" >&2; exit 1; }
    echo "$place: $# files"
    echo "$place $#" >>/opt/ml/processing/output/summary/files.txt
done
