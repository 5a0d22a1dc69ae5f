"""An image for several platforms, as `docker load` takes it on an engine with the containerd image store."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence

TYPES = "application/vnd.oci.image"


def archive(name: str, platforms: Sequence[str]) -> bytes:
    """The archive of an image of this name, whose variants are told from one another by their commands."""
    files: dict[str, bytes] = {}
    layer = _blob(files, "layer.v1.tar", bytes(2 * tarfile.BLOCKSIZE))
    variants = []
    for platform in platforms:
        os, _, architecture = platform.partition("/")
        config = {
            "architecture": architecture,
            "os": os,
            "config": {"Cmd": [f"/{architecture}"]},
            "rootfs": {"type": "layers", "diff_ids": [layer["digest"]]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{TYPES}.manifest.v1+json",
            "config": _blob(files, "config.v1+json", _json(config)),
            "layers": [layer],
        }
        described = _blob(files, "manifest.v1+json", _json(manifest))
        variants.append(described | {"platform": {"os": os, "architecture": architecture}})
    index = {"schemaVersion": 2, "mediaType": f"{TYPES}.index.v1+json", "manifests": variants}
    names = {"io.containerd.image.name": f"docker.io/{name}:latest", "org.opencontainers.image.ref.name": "latest"}
    whole = _blob(files, "index.v1+json", _json(index)) | {"annotations": names}
    files["index.json"] = _json({"schemaVersion": 2, "manifests": [whole]})
    files["oci-layout"] = _json({"imageLayoutVersion": "1.0.0"})
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _blob(files: dict[str, bytes], kind: str, content: bytes) -> dict[str, object]:
    digest = hashlib.sha256(content).hexdigest()
    files[f"blobs/sha256/{digest}"] = content
    return {"mediaType": f"{TYPES}.{kind}", "digest": f"sha256:{digest}", "size": len(content)}


def _json(value: object) -> bytes:
    return json.dumps(value).encode()
