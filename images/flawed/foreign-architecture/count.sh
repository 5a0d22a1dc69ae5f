#!/bin/sh
# Counts the files of every input; fails when an input has none.
set -eu
processing=/opt/ml/processing
mkdir -p /opt/ml/output "$processing/output/summary"
for input in "$processing"/input/*; do
    files=$(find "$input" -type f 2>/dev/null | wc -l)
    if [ "$files" -eq 0 ]; then
        echo "error: no file below $input" >&2
        exit 1
    fi
    echo "$input: $files files" | tee -a "$processing/output/summary/summary.txt"
done
echo "counted" >/opt/ml/output/message
