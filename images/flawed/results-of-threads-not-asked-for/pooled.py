"""Count the words of each file in a thread of its own."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from processing import Job


def count(source: Path, target: Path) -> None:
    """Write the number of words of one file to another."""
    target.write_text(str(len(source.read_text(encoding="utf-8").split())))


job = Job()
(output,) = job.outputs.values()
files = [path for place in job.inputs.values() for path in sorted(place.rglob("*")) if path.is_file()]
if not files:
    sys.exit("error: no input")
with ThreadPoolExecutor() as pool:
    for number, file in enumerate(files):
        pool.submit(count, file, output / f"{number}-{file.name}.count")
print("done")
