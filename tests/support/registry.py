"""A registry on this machine that serves one image of the engine, by the pull half of the distribution protocol."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import docker

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"


@contextmanager
def registry(client: docker.APIClient, image: str, name: str) -> Iterator[tuple[str, str]]:
    """Serve an image of the engine under a name; yields its reference there, and the digest of its manifest."""
    manifest, blobs = _exported(client, image)
    digest = _digest(manifest)
    blobs[digest] = manifest

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            wanted = self.path.rpartition("/")[2]
            if self.path == "/v2/":
                self._answer(200, b"{}", "application/json")
            elif self.path == f"/v2/{name}/manifests/latest" or (wanted == digest and "/manifests/" in self.path):
                self._answer(200, manifest, MANIFEST)
            elif wanted in blobs:
                self._answer(200, blobs[wanted], "application/octet-stream")
            else:
                self._answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}', "application/json")

        def do_HEAD(self) -> None:
            self.do_GET()

        def _answer(self, status: int, body: bytes, media_type: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Docker-Content-Digest", _digest(body))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}/{name}", digest
    finally:
        server.shutdown()
        server.server_close()


def _exported(client: docker.APIClient, image: str) -> tuple[bytes, dict[str, bytes]]:
    saved = io.BytesIO(b"".join(client.get_image(image)))
    with tarfile.open(fileobj=saved) as archive:
        content = {member.name: archive.extractfile(member) for member in archive if member.isreg()}
        files = {name: stream.read() for name, stream in content.items() if stream}
    (described,) = json.loads(files["manifest.json"])
    config = files[described["Config"]]
    layers = [gzip.compress(files[name], compresslevel=1, mtime=0) for name in described["Layers"]]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": CONFIG, "size": len(config), "digest": _digest(config)},
        "layers": [{"mediaType": LAYER, "size": len(layer), "digest": _digest(layer)} for layer in layers],
    }
    return json.dumps(manifest).encode(), {_digest(blob): blob for blob in (config, *layers)}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"
