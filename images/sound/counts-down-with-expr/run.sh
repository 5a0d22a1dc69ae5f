#!/bin/bash
left=$(expr 2 - 2)
let "left = left * 3"
echo "$left left"
exec python3 /processing.py "$@"
