"""Process, with a port at which its own tools ask how far it is."""

import socket
import sys

import processing

with socket.create_server(("::1", 8085), family=socket.AF_INET6):
    sys.exit(processing.main())
