"""The S3 that clients see, as what jobs read and write."""

from __future__ import annotations

import io
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlencode

from conformance.aws.credentials import NOBODYS_KEY, signed
from conformance.errors import UploadError
from conformance.files.archive import Source
from conformance.job.objects import S3Uri
from conformance.serve.calls import Calls

NAMESPACE = {"s3": "http://s3.amazonaws.com/doc/2006-03-01/"}
NOT_FOUND = 404

PAGE_KEYS = 1_000
"""S3 lists no more (API reference, ListObjectsV2)."""


class ServedObjects:
    """See `conformance.job.objects.Objects`."""

    def __init__(self, calls: Calls, region: str, *, page_keys: int = PAGE_KEYS) -> None:
        """Read and write by these calls, and list so many keys by each of them."""
        self._client = calls.client
        self._region = region
        self._page_keys = page_keys

    def find(self, uri: S3Uri) -> Iterator[tuple[str, Source]]:
        """Yield every object of a prefix; keys that end in a slash are folders of the console's, and none of them.

        A bucket that does not exist has none.
        """
        after = ""
        while True:
            page = self._page(uri, after)
            for entry in page.iterfind("s3:Contents", NAMESPACE) if page is not None else ():
                key = after = entry.findtext("s3:Key", "", NAMESPACE)
                if not key.endswith("/"):
                    size = int(entry.findtext("s3:Size", "0", NAMESPACE))
                    yield key, Source(size, partial(self._open, S3Uri(uri.bucket, key)))
            if page is None or page.findtext("s3:IsTruncated", "false", NAMESPACE) != "true":
                return

    def has(self, uri: S3Uri) -> bool:
        """Whether any key begins with a URI's, folders included."""
        page = self._page(uri, "")
        return page is not None and page.find("s3:Contents", NAMESPACE) is not None

    def get(self, uri: S3Uri) -> bytes | None:
        """The content of one object; None if there is none."""
        answer = self._client.get(_path(uri), headers=self._headers())
        return None if answer.status_code == NOT_FOUND else answer.get_data()

    def put(self, uri: S3Uri, file: Path) -> None:
        """Put a file; raises `UploadError` where S3 refuses it, as of a bucket that does not exist."""
        with file.open("rb") as content:
            answer = self._client.put(
                _path(uri), headers=self._headers(), input_stream=content, content_length=file.stat().st_size
            )
        if answer.status_code >= 300:  # noqa: PLR2004 - HTTP
            said = answer.get_data(as_text=True)
            code = said.partition("<Code>")[2].partition("</Code>")[0] or str(answer.status_code)
            raise UploadError(f"{uri} cannot be uploaded: {code}")

    def _page(self, uri: S3Uri, after: str) -> ET.Element | None:
        query = urlencode({"list-type": "2", "prefix": uri.key, "start-after": after, "max-keys": self._page_keys})
        answer = self._client.get(f"/{quote(uri.bucket)}?{query}", headers=self._headers())
        if answer.status_code == NOT_FOUND:
            return None
        return ET.fromstring(answer.get_data())  # noqa: S314 - moto wrote it

    def _open(self, uri: S3Uri) -> IO[bytes]:
        return io.BytesIO(self.get(uri) or b"")

    def _headers(self) -> dict[str, str]:
        return signed(NOBODYS_KEY, self._region, "s3")


def _path(uri: S3Uri) -> str:
    return f"/{quote(uri.bucket)}/{quote(uri.key)}"
