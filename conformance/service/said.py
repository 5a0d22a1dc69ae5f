"""What a container has said, in the frames in which the engine gives its two streams (Engine API, ContainerAttach).

docker-py takes them apart as well, but a log that breaks off, or something that is no log, is the end of one for it.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator

import docker
from docker.errors import create_api_error_from_http_exception
from requests.exceptions import HTTPError

from conformance.errors import JobError

STDIN, STDOUT, STDERR, TROUBLE = range(4)
"""The streams of frames; by the last one, the engine says that it cannot read on."""

_HEAD = struct.Struct(">B3sI")
_PADDING = bytes(3)


def frames(pieces: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Which stream, and bytes of it, of all that comes in pieces that end anywhere; a long frame comes in several.

    Raises:
        JobError: it breaks off within a frame, or is something else.
    """
    buffer, which, left = bytearray(), STDIN, 0
    for piece in pieces:
        buffer += piece
        while buffer:
            if left:
                data = bytes(buffer[:left])
                del buffer[: len(data)]
                left -= len(data)
                if which == TROUBLE:
                    raise JobError(f"the engine cannot read the log: {data.decode('utf-8', 'backslashreplace')}")
                yield which, data
            elif len(buffer) >= _HEAD.size:
                which, padding, left = _HEAD.unpack_from(buffer)
                if which > TROUBLE or padding != _PADDING:
                    raise JobError("the engine's log is none")
                del buffer[: _HEAD.size]
            else:
                break
    if buffer or left:
        raise JobError("the engine's log broke off")


def said(
    client: docker.APIClient,
    container: str,
    *,
    stdout: bool = False,
    stderr: bool = False,
    timestamps: bool = False,
    tail: int | None = None,
) -> Iterator[bytes]:
    """What it has written to these streams until now, in pieces; with `tail`, only the last so many lines.

    Raises:
        APIError: the engine refuses it.
        JobError: the log breaks off, or cannot be read.
    """
    url = f"{client.base_url}/v{client.api_version}/containers/{container}/logs"
    asked = {
        "stdout": int(stdout),
        "stderr": int(stderr),
        "timestamps": int(timestamps),
        "tail": "all" if tail is None else tail,
    }
    with client.get(url, params=asked, stream=True, timeout=client.timeout) as answer:
        try:
            answer.raise_for_status()
        except HTTPError as error:
            create_api_error_from_http_exception(error)
        for _, data in frames(answer.iter_content(None)):
            yield data
