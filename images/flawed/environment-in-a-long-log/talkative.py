"""Process, and log a lot."""

import os
import sys

import processing


def talk(rows: int) -> None:
    """Log so many rows of a hundred characters."""
    for number in range(rows):
        print(f"{number:>7} {'.' * 91}")


talk(4_000)
print(dict(os.environ))
talk(4_000)
sys.exit(processing.main())
