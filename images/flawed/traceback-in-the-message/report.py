"""Process, and leave word of what goes wrong."""

import sys
import traceback

import processing


def checked(folder: processing.Path, depth: int = 20) -> dict[str, int]:
    """Count after many steps, as a program of many layers does."""
    if depth:
        return checked(folder, depth - 1)
    counts = count(folder)
    if not counts["files"]:
        raise ValueError(f"there is no file below {folder}")
    return counts


count, processing.count = processing.count, checked
try:
    code = processing.main()
except ValueError as error:
    processing.write(processing.OPT_ML / "output/message", "\n".join(traceback.format_exception(error)) * 3)
    code = 1
sys.exit(code)
