#!/bin/sh
if python3 /gate.py "$@"; then answer=pass; else answer=fail; fi
echo "$answer" | tee /opt/ml/processing/output/summary/answer
