"""Bind to the address of the interface that resourceconfig.json names, as collective libraries do, then process."""

import fcntl
import socket
import struct
import sys

import processing

SIOCGIFADDR = 0x8915

name = processing.read_config("resourceconfig.json").get("network_interface_name")
if name:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        answer = fcntl.ioctl(probe, SIOCGIFADDR, struct.pack("256s", str(name).encode()))
    address = socket.inet_ntoa(answer[20:24])
    socket.create_server((address, 0)).close()
    print(f"{name} has {address}")
sys.exit(processing.main())
