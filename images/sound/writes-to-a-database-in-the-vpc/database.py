"""Process, and tell a database about it, which is known by its address."""

import socket
import sys

import processing

try:
    database = socket.create_connection(("10.20.30.40", 5432), timeout=5)
except OSError as error:
    print(f"could not connect to server: {error.strerror}", file=sys.stderr)
    sys.exit(1)
with database:
    sys.exit(processing.main())
