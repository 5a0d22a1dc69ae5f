#!/bin/bash
exec -a processing python3 /processing.py "$@"
