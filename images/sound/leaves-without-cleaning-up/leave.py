"""Process in a thread, and leave from there."""

import os
import sys
import threading

import processing


def work() -> None:
    """Process, and end the whole program."""
    status = 1
    try:
        status = processing.main()
    finally:
        sys.stdout.flush()
        os._exit(status)


processing.signal.signal = lambda *_: None  # only the main thread may set handlers
threading.Thread(target=work).start()
