"""Runs in an environment that has the SDK: each job in its local mode, one after another.

Reads a list of `{"name", "request", "stop"}` from the file that its first argument names, and writes a line of JSON for
each to the second: `{"name", "status", "message", "error", "seconds"}`, the last from the call to the job's end.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import boto3
from sagemaker.local import LocalSagemakerClient, LocalSession


def run(client: LocalSagemakerClient, row: dict[str, Any]) -> dict[str, str | None]:
    """What the client of one job is told."""
    request = row["request"]
    try:
        client.create_processing_job(**request)
        if row["stop"]:
            client.stop_processing_job(ProcessingJobName=request["ProcessingJobName"])
        told = client.describe_processing_job(ProcessingJobName=request["ProcessingJobName"])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what the client is told
        return {"status": None, "message": None, "error": f"{type(error).__name__}: {error}"}
    return {"status": told["ProcessingJobStatus"], "message": told.get("ExitMessage"), "error": None}


def main() -> None:
    """Run every job."""
    session = LocalSession(boto_session=boto3.Session())
    session.config = {"local": {"local_code": True, "container_root": str(Path.cwd())}}
    with Path(sys.argv[2]).open("w", encoding="utf-8") as results:
        for row in json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")):
            begun = time.perf_counter()
            told = run(session.sagemaker_client, row)
            json.dump({"name": row["name"], **told, "seconds": time.perf_counter() - begun}, results)
            results.write("\n")
            results.flush()


if __name__ == "__main__":
    main()
