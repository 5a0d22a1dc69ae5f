"""A registry that serves one image of the engine, by the pull half of the distribution protocol.

It may be there for several platforms, which differ in what their configurations say.

It runs in a container on the engine's own network: wherever the engine is, on its loopback it asks nobody whether the
certificate is good. That there is one, engines with containerd's store demand.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import docker
import trustme

from images.builder.layers import File, pack

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"

START_SECONDS = 30.0

SERVER = """
import hashlib, http.server, json, pathlib, ssl, sys

name, digest, port, scheme = sys.argv[1:]
blobs = {"sha256:" + path.name: path.read_bytes() for path in pathlib.Path("/registry").iterdir()}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Whoever begins with TLS is told that this is none by a whole answer, and goes on without.
    default_request_version = "HTTP/1.0"

    def do_GET(self):
        wanted = self.path.rpartition("/")[2]
        if self.path == "/v2/":
            self.answer(200, b"{}", "application/json")
        elif self.path == f"/v2/{name}/manifests/latest" or (wanted in blobs and "/manifests/" in self.path):
            manifest = blobs.get(wanted, blobs[digest])
            self.answer(200, manifest, json.loads(manifest)["mediaType"])
        elif wanted in blobs:
            self.answer(200, blobs[wanted], "application/octet-stream")
        else:
            self.answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}', "application/json")

    do_HEAD = do_GET

    def answer(self, status, body, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Content-Digest", "sha256:" + hashlib.sha256(body).hexdigest())
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), Handler)
if scheme == "https":
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain("/registry.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
"""


@contextmanager
def registry(
    client: docker.APIClient,
    image: str,
    name: str,
    *,
    python: str,
    platforms: Sequence[str] = ("linux/amd64",),
    source: docker.APIClient | None = None,
    port: int = 0,
) -> Iterator[tuple[str, str]]:
    """Serve an image of the engine under a name; yields its reference there, and the digest of its manifest.

    `python` is an image of the engine that has it. With several `platforms` it is served with a list of manifests,
    whose digest is yielded. `source` is the engine that has the image, if it is another one. `port` is any free one
    unless it is given: engines with loopbacks of their own may each have a registry there, which is one to both.
    """
    digest, blobs = _exported(source or client, image, platforms)
    container = client.create_container(
        python,
        entrypoint=["python3", "-c", SERVER, name, digest, str(port), _scheme(client)],
        # With user namespaces, the engine's own network is for containers outside of them.
        host_config=client.create_host_config(network_mode="host", userns_mode="host"),
    )["Id"]
    try:
        files = {f"registry/{blob.removeprefix('sha256:')}": File(data=content) for blob, content in blobs.items()}
        client.put_archive(container, "/", pack({**files, "registry.pem": File(data=_certificate())}))
        client.start(container)
        yield f"127.0.0.1:{_port(client, container)}/{name}", digest
    finally:
        client.remove_container(container, force=True, v=True)


def _scheme(client: docker.APIClient) -> str:
    """What an engine speaks to a registry on its loopback: with containerd's store TLS alone, else no TLS at first."""
    return "https" if "io.containerd" in str(client.info().get("DriverStatus")) else "http"


def _certificate() -> bytes:
    """A certificate with its key, of an authority that no engine knows."""
    found = trustme.CA().issue_cert("127.0.0.1")
    return found.private_key_and_cert_chain_pem.bytes()


def _port(client: docker.APIClient, container: str) -> int:
    until = time.monotonic() + START_SECONDS
    while not (said := client.logs(container, stderr=False)):
        assert time.monotonic() < until, client.logs(container)
        time.sleep(0.05)
    return int(said)


def _exported(client: docker.APIClient, image: str, platforms: Sequence[str]) -> tuple[str, dict[str, bytes]]:
    """The digest of an image's manifest, or of the list of its manifests, and all that belongs to it by digest."""
    saved = io.BytesIO(b"".join(client.get_image(image)))
    with tarfile.open(fileobj=saved) as archive:
        content = {member.name: archive.extractfile(member) for member in archive if member.isreg()}
        files = {name: stream.read() for name, stream in content.items() if stream}
    (described,) = json.loads(files["manifest.json"])
    layers = [_compressed(files[name]) for name in described["Layers"]]
    blobs = {_digest(layer): layer for layer in layers}
    manifests = []
    for os, _, architecture in (platform.partition("/") for platform in platforms):
        platform = {"os": os, "architecture": architecture}
        configuration = json.dumps(json.loads(files[described["Config"]]) | platform).encode()
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": _described(CONFIG, configuration),
            "layers": [_described(LAYER, layer) for layer in layers],
        }
        packed = json.dumps(manifest).encode()
        blobs |= {_digest(blob): blob for blob in (configuration, packed)}
        manifests.append(_described(MANIFEST, packed) | {"platform": platform})
    if len(manifests) == 1:
        return str(manifests[0]["digest"]), blobs
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).encode()
    return _digest(index), blobs | {_digest(index): index}


def _compressed(layer: bytes) -> bytes:
    """As a registry has it; an engine with containerd's store has saved it so."""
    return layer if layer.startswith(b"\x1f\x8b") else gzip.compress(layer, compresslevel=1, mtime=0)


def _described(media_type: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "size": len(blob), "digest": _digest(blob)}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"
