"""Ask the VPC's name server whether a feature store has moved, without a resolver of the system's, then process."""

import socket
import sys

import processing

QUERY = b"\x00\x01\x01\x00\x00\x01" + bytes(6) + b"\x05store\x07example\x03com\x00\x00\x01\x00\x01"

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
    client.settimeout(2)
    client.sendto(QUERY, ("10.0.0.2", 53))
    print(f"{len(client.recv(512))} bytes of answer")
sys.exit(processing.main())
