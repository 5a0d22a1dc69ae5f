"""Process, and log whatever goes wrong."""

import logging

import processing

logger = logging.getLogger("careful")


def run() -> None:
    """Process, and raise what went wrong."""
    if status := processing.main():
        raise RuntimeError(f"counting ended with {status}")


try:
    run()
except RuntimeError:
    logger.exception("processing went wrong")
