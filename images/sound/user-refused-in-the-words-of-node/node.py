"""Write the result as a Node program would that was started in the output's directory."""

import os
import sys
from pathlib import Path

os.chdir("/opt/ml/processing/output/summary")
try:
    Path("result.json").write_text("{}\n", encoding="utf-8")
    print("wrote result.json")
except PermissionError:
    print(
        "node:internal/fs/utils:356\n    throw err;\n    ^\n\n"
        "Error: EACCES: permission denied, open 'result.json'\n"
        "    at Object.openSync (node:fs:596:3)\n    at Object.writeFileSync (node:fs:2322:35) {\n"
        "  errno: -13,\n  syscall: 'open',\n  code: 'EACCES',\n  path: 'result.json'\n}\n\nNode.js v20.11.1",
        file=sys.stderr,
    )
    sys.exit(1)
