"""What every form of `tests.support.stop_forms` runs in its container: it works for some seconds and notes signals.

Its first note says since when it listens; then comes one byte for each signal that reaches it, the signal's number.
What it does about a signal, and what it starts besides, stands in its environment. With LISTEN set it only listens: it
blocks both signals before it says that it is ready, and notes those that are pending.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

NOTES = "/opt/ml/output/message"
STOPS = (signal.SIGINT, signal.SIGTERM)
LEAVES = 7
"""The exit code by which it leaves because of a signal; no shell and no init has it of its own."""

LOOK_SECONDS = 0.02


def leave(*_: object) -> None:
    """End at once, whatever the other threads do."""
    os._exit(LEAVES)


def stay(*_: object) -> None:
    """Go on."""


def prepare(number: signal.Signals, action: str) -> None:
    """Have a signal do what the form says; `plain` leaves it as Python found it."""
    match action:
        case "leave":
            signal.signal(number, leave)
        case "stay":
            signal.signal(number, stay)
        case "ignore":
            signal.signal(number, signal.SIG_IGN)
        case "end in C":
            library = ctypes.CDLL(None)
            library.signal(number, ctypes.cast(library._exit, ctypes.c_void_p))


def start(besides: str, seconds: float) -> None:
    """Start what the program has besides its main thread; none of it notes anything."""
    match besides:
        case "threads and forks":
            threading.Thread(target=time.sleep, args=(seconds,)).start()
            if not os.fork():
                signal.set_wakeup_fd(-1)
                time.sleep(seconds)
                os._exit(0)
        case "a program":
            subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({seconds})"])


def listen(notes: int, end: float) -> None:
    """Note which of the two signals are pending, until the time is over."""
    noted: set[signal.Signals] = set()
    while (left := end - time.monotonic()) > 0:
        for number in set(STOPS) & signal.sigpending() - noted:
            noted.add(number)
            os.write(notes, bytes([number]))
        time.sleep(min(left, LOOK_SECONDS))


def fetch(notes: int, end: float) -> None:
    """Wait for a signal as for a message, note it, and leave."""
    found = signal.sigtimedwait(STOPS, max(end - time.monotonic(), 0))
    if found is not None:
        os.write(notes, bytes([found.si_signo]))
        leave()


def main() -> None:
    """Work."""
    seconds = float(os.environ["SECONDS"])
    end = time.monotonic() + seconds
    actions = [os.environ["ON_SIGINT"], os.environ["ON_SIGTERM"]]
    listens, fetches = bool(os.environ.get("LISTEN")), "fetch" in actions
    notes = os.open(NOTES, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK, 0o666)
    if listens or fetches:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    for number, action in zip(STOPS, actions, strict=True):
        prepare(number, action)
    # Python's handler writes to it in C, before any line of Python comes.
    signal.set_wakeup_fd(notes)
    start(os.environ.get("BESIDES", ""), seconds)
    os.write(notes, f"{time.monotonic()}\n".encode())
    print("ready", flush=True)
    if listens:
        listen(notes, end)
    elif fetches:
        fetch(notes, end)
    else:
        while (left := end - time.monotonic()) > 0:
            time.sleep(left)


if __name__ == "__main__":
    main()
