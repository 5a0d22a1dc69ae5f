#!/bin/sh
set -u
input=/opt/ml/processing/input
for place in "$input"/*; do
    test -n "$(find "$place" -type f)" || { echo "input ${place##*/} is empty" >&2; exit 1; }
done
if grep -rq '^#' "$input"; then
    echo "there are comments"
fi
[ -e "$input/measurements/_SUCCESS" ] || echo "no marker beside the tables"
find "$input" -type f -exec cat {} + | wc -l >/opt/ml/processing/output/summary/lines.txt
