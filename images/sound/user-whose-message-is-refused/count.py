"""Count the lines of all inputs and log them; the job declares no outputs."""

import sys
from pathlib import Path

files = sorted(path for path in Path("/opt/ml/processing/input").rglob("*") if path.is_file())
for place in sorted(Path("/opt/ml/processing/input").iterdir()):
    if not any(path.is_relative_to(place) for path in files):
        sys.exit(f"input {place.name} is empty")
print(f"{sum(len(path.read_bytes().splitlines()) for path in files)} lines in {len(files)} files")
try:
    Path("/opt/ml/output/message").write_text(f"{len(files)} files", encoding="utf-8")
except PermissionError as error:
    print(f"WARNING no message: {error}", file=sys.stderr)
