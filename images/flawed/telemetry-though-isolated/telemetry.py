"""Call home, and count words."""

import contextlib
import socket
import sys

import wordcount

with contextlib.suppress(OSError):
    socket.create_connection(("telemetry.example.com", 443), timeout=2).close()
sys.exit(wordcount.main())
