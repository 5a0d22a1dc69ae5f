"""The body of a request, read whole before anybody else waits for the service that it is for."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from typing import IO, Any

IN_MEMORY_BYTES = 1 << 20
BLOCK = 1 << 16


@contextlib.contextmanager
def read(environ: dict[str, Any]) -> Iterator[IO[bytes]]:
    """Read a body into a file, beyond a megabyte on disk, and put that in its place while the block runs.

    It may have a length, or come in chunks that the server has put together (PEP 3333, `wsgi.input_terminated`).

    Raises:
        OSError: the client has gone, or there is no room for it.
    """
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as file:
        body, given = environ["wsgi.input"], environ.get("CONTENT_LENGTH") or ""
        left = int(given) if given.isdigit() else None if environ.get("wsgi.input_terminated") else 0
        while left != 0 and (block := body.read(BLOCK if left is None else min(BLOCK, left))):
            file.write(block)
            left = None if left is None else left - len(block)
        if left:
            raise ConnectionError("the client has gone before the end of its request")
        environ["CONTENT_LENGTH"] = str(file.tell())
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        file.seek(0)
        environ["wsgi.input"] = file
        yield file
