"""The suite's own job for images that bring no program; it needs nothing but Python 3.6.

It counts the lines of its input, on several hosts together: the first one waits for what the others have counted. A
host that does not appear, or whose connection breaks, fails the job.
"""

import json
import os
import signal
import socket
import sys
import time
from typing import Any, Dict, List

BEGINNING = b"name,value\n"
PORT = 7071
PATIENCE_SECONDS = 30
WORK_SECONDS = 2.5


def read(name: str) -> Dict[str, Any]:
    """One of the two documents that Processing writes."""
    with open("/opt/ml/config/" + name, encoding="utf-8") as document:
        return dict(json.load(document))


def leave(number: int, frame: object) -> None:
    """Leave as the signal asks."""
    print("leaving on signal", number, file=sys.stderr, flush=True)
    os._exit(128 + number)


def count(folder: str) -> int:
    """The lines of all files in a folder."""
    names = sorted(os.listdir(folder))
    if not names:
        sys.exit("error: there is no file in " + folder)
    lines = 0
    for name in names:
        with open(os.path.join(folder, name), "rb") as file:
            content = file.read()
        if not content.startswith(BEGINNING):
            sys.exit("error: a file in " + folder + " has other columns")
        lines += content.count(b"\n")
    return lines


def line_of(connection: socket.socket) -> int:
    """The number that another host sends."""
    text = b""
    while not text.endswith(b"\n"):
        got = connection.recv(100)
        if not got:
            sys.exit("error: another host is lost")
        text += got
    return int(text)


def connect(host: str) -> socket.socket:
    """Reach another host, whose name may be unknown at first."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            return socket.create_connection((host, PORT), timeout=PATIENCE_SECONDS)
        except OSError as error:
            if time.monotonic() > deadline:
                sys.exit("error: {} cannot be reached: {}".format(host, error))
            time.sleep(0.3)


def together(host: str, hosts: List[str], lines: int) -> int:
    """The lines of all hosts: the first one adds them up and tells the others."""
    if host != hosts[0]:
        with connect(hosts[0]) as first:
            first.sendall(b"%d\n" % lines)
            return line_of(first)
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(("", PORT))
        server.listen(len(hosts))
        server.settimeout(PATIENCE_SECONDS)
        try:
            others = [server.accept()[0] for _ in hosts[1:]]
        except OSError:
            sys.exit("error: another host did not appear")
        for other in others:
            other.settimeout(PATIENCE_SECONDS)
        lines += sum(line_of(other) for other in others)
        for other in others:
            other.sendall(b"%d\n" % lines)
            other.close()
    return lines


def say(text: str) -> None:
    """Leave the job's message, as programs do that name no encoding: in that of the image's locale."""
    try:
        with open("/opt/ml/output/message", "w") as message:
            message.write(text)
    except UnicodeEncodeError as error:
        print("the locale's encoding cannot hold the message:", error, file=sys.stderr)
        with open("/opt/ml/output/message", "w", errors="replace") as message:
            message.write(text)


def main() -> None:
    """Do the work."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, leave)
    request = read("processingjobconfig.json")
    resources = read("resourceconfig.json")
    host, hosts = resources["current_host"], sorted(resources["hosts"])
    lines = count("/opt/ml/processing/input/data")
    print("counted", lines, "lines on", host, flush=True)
    time.sleep(WORK_SECONDS)
    if len(hosts) > 1:
        lines = together(host, hosts, lines)
    for output in request["ProcessingOutputConfig"]["Outputs"]:
        place = os.path.join(output["S3Output"]["LocalPath"], "lines-" + host + ".txt")
        with open(place, "w", encoding="utf-8") as result:
            result.write("{}\n".format(lines))
    if host == hosts[0]:
        say("caf\u00e9: {} lines\n".format(lines))


main()
