#!/bin/sh
find /opt/ml/processing/input -type f >/tmp/files.txt
wc -l /tmp/files.txt
cp /tmp/files.txt /opt/ml/processing/output/summary/
echo done
