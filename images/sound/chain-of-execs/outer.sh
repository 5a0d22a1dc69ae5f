#!/bin/sh
exec nohup /inner.sh "$@"
