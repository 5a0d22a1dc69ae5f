"""Process into /tmp, and move the result to the outputs at the end."""

import shutil
import sys
import tempfile
from pathlib import Path

import processing

scratch = Path(tempfile.mkdtemp())
write = processing.write


def write_and_move(path: Path, text: str) -> None:
    """Write a file elsewhere, then move it to its place."""
    write(scratch / path.name, text)
    shutil.move(scratch / path.name, path)


processing.write = write_and_move
sys.exit(processing.main())
