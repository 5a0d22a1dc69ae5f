"""Process in a thread of its own."""

import threading

import processing


def work() -> None:
    """Process, and let what goes wrong be raised."""
    if processing.main():
        raise RuntimeError("processing failed")


processing.signal.signal = lambda *_: None  # only the main thread may set handlers
worker = threading.Thread(target=work)
worker.start()
worker.join()
