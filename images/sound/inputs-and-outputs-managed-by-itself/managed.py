"""Sum up what processingjobconfig.json says is the program's to download, and upload the sums."""

import json
import sys
from pathlib import Path

import job

config = json.loads(Path("/opt/ml/config/processingjobconfig.json").read_text(encoding="utf-8"))
(tables,) = config["ProcessingInputs"]
(sums,) = config["ProcessingOutputConfig"]["Outputs"]
sys.argv[1:] = ["--source", tables["S3Input"]["S3Uri"], "--destination", sums["S3Output"]["S3Uri"]]
sys.exit(job.main())
