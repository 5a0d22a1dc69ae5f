"""Process into /tmp, and rename the result into the outputs so that it appears complete."""

import sys
from pathlib import Path

import processing

write = processing.write


def write_and_rename(path: Path, text: str) -> None:
    """Write a file elsewhere, then rename it to its place."""
    unfinished = Path("/tmp", path.name)
    write(unfinished, text)
    unfinished.rename(path)


processing.write = write_and_rename
sys.exit(processing.main())
