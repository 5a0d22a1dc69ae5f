"""Count the rows of a table."""

import traceback
from pathlib import Path

try:
    rows = Path("/opt/ml/processing/input/table/part-1.csv").read_text(encoding="utf-8").splitlines()
    Path("/opt/ml/processing/output/count/rows.txt").write_text(f"{len(rows)}\n", encoding="utf-8")
    print(f"{len(rows)} rows")
except Exception:  # noqa: BLE001 - this is the flaw
    traceback.print_exc()
