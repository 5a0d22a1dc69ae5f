#!/bin/bash
python3 /processing.py "$@" 2>&1 | tee /opt/ml/processing/output/summary/processing.log
