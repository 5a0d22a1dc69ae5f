#!/bin/bash
python3 /processing.py || exit
timeout --signal=QUIT 4 python3 /previews.py || echo "previews take too long"
