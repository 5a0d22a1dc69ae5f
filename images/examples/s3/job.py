"""Sum up tables that lie in S3, and put the sums there too: this job has neither inputs nor outputs of its own."""

from __future__ import annotations

import argparse
import io
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import pandas as pd

MESSAGE = Path("/opt/ml/output/message")

# Before anything that takes seconds to import: as process 1, Python ignores SIGTERM by default.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


class InputError(Exception):
    """Tables that cannot be summed up; the text is for whoever started the job."""


def tables(s3: Any, bucket: str, prefix: str) -> Iterator[pd.DataFrame]:  # noqa: ANN401 - boto3 has no types of its own
    """Each CSV below a prefix."""
    import pandas as pd  # noqa: PLC0415 - see above

    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for found in page.get("Contents", ()):
            if found["Key"].endswith(".csv"):
                body = s3.get_object(Bucket=bucket, Key=found["Key"])["Body"].read()
                try:
                    yield pd.read_csv(io.BytesIO(body))
                except (ValueError, UnicodeDecodeError) as error:
                    raise InputError(f"s3://{bucket}/{found['Key']} is malformed: {error}") from error


def main(**client: Any) -> int:  # noqa: ANN401 - what boto3.client takes
    """Run the job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", required=True, metavar="URI")
    parser.add_argument("--destination", required=True, metavar="URI")
    options = parser.parse_args()

    import boto3  # noqa: PLC0415 - see above
    import pandas as pd  # noqa: PLC0415 - as above
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - as above

    source, destination = urlsplit(options.source), urlsplit(options.destination)
    try:
        s3 = boto3.client("s3", **client)
        found = list(tables(s3, source.netloc, source.path.lstrip("/")))
        # pandas raises ValueError where there is none.
        sums = pd.concat(found).select_dtypes("number").sum()
        key = f"{destination.path.strip('/')}/sums.csv"
        s3.put_object(Bucket=destination.netloc, Key=key, Body=sums.to_csv().encode())
    except (InputError, ValueError, BotoCoreError, ClientError) as error:
        MESSAGE.parent.mkdir(parents=True, exist_ok=True)
        MESSAGE.write_text(str(error), encoding="utf-8")
        print(error, file=sys.stderr)
        return 1
    print(f"{len(found)} tables, {len(sums)} columns")
    return 0


if __name__ == "__main__":
    sys.exit(main())
