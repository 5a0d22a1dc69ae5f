"""Answer DNS queries with an address of its own and send garbage, then do the work once all hosts are found."""

import contextlib
import json
import os
import random
import runpy
import socket

with open("/opt/ml/config/resourceconfig.json") as file:
    resources = json.load(file)
server = next(line.split()[1] for line in open("/etc/resolv.conf") if line.startswith("nameserver"))
if not os.fork():
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as answering:
        answering.bind(("", 53))
        answering.settimeout(3)
        while True:
            asked, who = answering.recvfrom(512)
            answer = asked[:2] + b"\x81\x80\0\1\0\1\0\0\0\0" + asked[12:] + b"\xc0\x0c\0\1\0\1\0\0\0\1\0\4\x7f\0\0\1"
            answering.sendto(answer, who)
    os._exit(0)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as garbage:
    chance = random.Random(0)
    for _ in range(300):
        garbage.sendto(chance.randbytes(chance.randrange(600)), (server, 53))
found = {host: socket.gethostbyname(host) for host in resources["hosts"]}
assert len(set(found.values())) == len(found), found
runpy.run_path("/processing.py", run_name="__main__")
