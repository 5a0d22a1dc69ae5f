"""Fetch the input that the application manages, as an SDK for S3 would, then process the others."""

import http.client
import json
import sys
from pathlib import Path

import processing

request = json.loads(Path("/opt/ml/config/processingjobconfig.json").read_text(encoding="utf-8"))
managed = [entry for entry in request["ProcessingInputs"] if entry.get("AppManaged")]
for entry in managed:
    bucket, _, prefix = entry["S3Input"]["S3Uri"].removeprefix("s3://").partition("/")
    connection = http.client.HTTPSConnection(f"{bucket}.s3.us-east-1.amazonaws.com", timeout=5)
    connection.request("GET", f"/?list-type=2&prefix={prefix}")
    listing = connection.getresponse()
    if listing.status != http.HTTPStatus.OK:
        sys.exit(f"{entry['InputName']}: {listing.status} {listing.reason}")
    print(f"{entry['InputName']}: {len(listing.read())} bytes of listing")
names = {entry["InputName"] for entry in managed}
find = processing.input_paths
processing.input_paths = lambda entries: {name: path for name, path in find(entries).items() if name not in names}
sys.exit(processing.main())
