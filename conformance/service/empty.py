"""The images of the suite's own: one has no files, and only the probe is put into its containers."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import Any

import docker
from docker.errors import ImageNotFound

from conformance.errors import JobError
from conformance.service.labels import IMAGE

NAME = "conformance/empty:latest"


@dataclass(frozen=True)
class Archive:
    """An archive for `docker load`, and the ids by which engines know the image in it."""

    content: bytes
    ids: tuple[str, ...]


def empty_image(client: docker.APIClient) -> str:
    """The id of an image without files, which is loaded if the engine has none; raises JobError where it cannot be.

    The probe is put into its containers as into those of any image, so that it is the same for every version of the
    suite and every run.
    """
    return loaded(client, NAME, built())


def loaded(client: docker.APIClient, name: str, archive: Archive) -> str:
    """The id of an image of the suite's own, which is loaded if the engine has none.

    It is kept: it has no bytes that could be freed, and another run may be about to use it.

    Raises:
        JobError: the engine cannot load it.
    """
    if found := _known(client, archive.ids):
        return found
    for line in client.load_image(archive.content):
        if "error" in line:
            raise JobError(f"the engine cannot load an image: {line['error']}")
    if found := _known(client, (*archive.ids, name)):
        return found
    raise JobError("the engine has loaded an image, but does not have it")


def _known(client: docker.APIClient, names: tuple[str, ...]) -> str:
    """The id of the first of these images that the engine has, else empty.

    What has one of the ids is this image. The tag may be anybody's, and is asked for where an engine has yet another.
    """
    for name in names:
        try:
            return str(client.inspect_image(name)["Id"])
        except ImageNotFound:
            continue
    return ""


def built(name: str = NAME, layer: bytes = bytes(2 * tarfile.BLOCKSIZE), what: str = "empty") -> Archive:
    """An image, laid out both as the OCI image specification has it and for engines before it.

    `layer` is the archive of its files, and `what` says in its label what it is for.

    An engine that keeps images as files, as all do up to Docker 28 unless told otherwise, identifies one by the digest
    of its configuration (OCI image specification, `ImageID`). One that keeps them in containerd, as Docker does from 29
    on, does so by the digest of the manifest, which is known beforehand only if the archive has one.
    """
    files: dict[str, bytes] = {}
    image = {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {"Labels": {IMAGE: what}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        "history": [{"created": "1970-01-01T00:00:00Z"}],
    }
    config = _blob(files, "config", _json(image))
    layers = [_blob(files, "layer", layer, suffix=".tar")]
    manifest = {"schemaVersion": 2, "mediaType": _media_type("manifest"), "config": config, "layers": layers}
    named = _blob(files, "manifest", _json(manifest))
    # containerd has the whole name, and the tag apart.
    annotations = {
        "io.containerd.image.name": f"docker.io/{name}",
        "org.opencontainers.image.ref.name": name.partition(":")[2],
    }
    files["index.json"] = _json({"schemaVersion": 2, "manifests": [{**named, "annotations": annotations}]})
    files["oci-layout"] = _json({"imageLayoutVersion": "1.0.0"})
    older = {"Config": _path(config), "RepoTags": [name], "Layers": [_path(each) for each in layers]}
    files["manifest.json"] = _json([older])
    return Archive(_packed(files), (str(config["digest"]), str(named["digest"])))


def _blob(files: dict[str, bytes], kind: str, content: bytes, *, suffix: str = "+json") -> dict[str, Any]:
    """Add a blob, and return its descriptor."""
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    described = {"mediaType": _media_type(kind, suffix), "digest": digest, "size": len(content)}
    files[_path(described)] = content
    return described


def _media_type(kind: str, suffix: str = "+json") -> str:
    return f"application/vnd.oci.image.{kind}.v1{suffix}"


def _path(blob: dict[str, Any]) -> str:
    return f"blobs/{blob['digest'].replace(':', '/')}"


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True).encode()


def _packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
