#!/bin/sh
echo "preparing"
exec python3 /processing.py
