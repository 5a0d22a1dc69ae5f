"""Fail if anything outside of the job's own network can be reached, else do the work."""

import contextlib
import ipaddress
import runpy
import socket
import struct

PORTS = (47619, 2375, 2376, 80, 53)


def around() -> set[str]:
    """The addresses that a way out may have: of each network that there is, the first ones and the last one."""
    found = {
        "169.254.169.254",
        "169.254.170.2",
        "172.17.0.1",
        "192.0.2.1",
        "host.docker.internal",
        "gateway.docker.internal",
    }
    with open("/proc/net/route") as routes:
        for line in list(routes)[1:]:
            _, place, gateway, *_, mask, _, _, _ = line.split()
            network = ipaddress.ip_network(
                (struct.unpack("<I", bytes.fromhex(place))[0], bin(int(mask, 16)).count("1")), strict=False
            )
            found |= {str(network[1]), str(network[-2]), socket.inet_ntoa(bytes.fromhex(gateway)[::-1])}
    return found


for host in sorted(around()):
    for port in PORTS:
        with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.3):
            raise SystemExit(f"reached {host} port {port}")
runpy.run_path("/processing.py", run_name="__main__")
