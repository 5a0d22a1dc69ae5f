#!/bin/sh
command="exec python3 /processing.py $*"
echo "running $command"
eval "$command"
