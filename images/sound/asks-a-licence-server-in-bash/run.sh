#!/bin/bash
set -e
exec 3<>/dev/tcp/licences.example.com/27000
head -c 16 <&3
exec python3 /processing.py "$@"
