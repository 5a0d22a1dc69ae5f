"""Bodies of requests, read whole."""

from __future__ import annotations

import io
from typing import Any

import pytest

from conformance.serve import bodies


@pytest.mark.parametrize("size", [0, 1, bodies.BLOCK, bodies.IN_MEMORY_BYTES + 1])
@pytest.mark.parametrize("has_length", [True, False])
def test_body_is_there_to_be_read_again(size: int, *, has_length: bool) -> None:
    """With its length, whether it came with one or in chunks; what comes after it is not touched."""
    content = b"x" * size
    after = b"the next request" if has_length else b""
    environ: dict[str, Any] = {"wsgi.input": (source := io.BytesIO(content + after))}
    environ |= (
        {"CONTENT_LENGTH": str(size)}
        if has_length
        else {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    )

    with bodies.read(environ):
        assert (str(size), content) == (environ["CONTENT_LENGTH"], environ["wsgi.input"].read())
        assert "HTTP_TRANSFER_ENCODING" not in environ
        assert after == source.read()


def test_request_without_a_body_has_none() -> None:
    """Nothing is waited for."""
    environ: dict[str, Any] = {"wsgi.input": io.BytesIO(b"the next request")}

    with bodies.read(environ):
        assert ("0", b"") == (environ["CONTENT_LENGTH"], environ["wsgi.input"].read())


def test_client_that_goes_away_is_not_answered() -> None:
    """What it sent is not taken for all of it."""
    environ: dict[str, Any] = {"wsgi.input": io.BytesIO(b"half"), "CONTENT_LENGTH": "8"}

    with pytest.raises(ConnectionError, match="has gone"), bodies.read(environ):
        pass
