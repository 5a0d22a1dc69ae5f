#!/bin/sh
exec python3 /processing.py "$@" >>/tmp/processing.log 2>&1
