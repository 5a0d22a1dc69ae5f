"""The images of the suite's own: one has no files, and only the probe is put into its containers."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import tarfile

import docker
from docker.errors import ImageNotFound

from conformance.errors import JobError
from conformance.service.labels import IMAGE

NAME = "conformance/empty:latest"


def empty_image(client: docker.APIClient) -> str:
    """The id of an image without files, which is loaded if the engine has none.

    The probe is put into its containers as into those of any image, so that it is the same for every version of the
    suite and every run.
    """
    return loaded(client, NAME, *built())


def loaded(client: docker.APIClient, name: str, archive: bytes, identity: str) -> str:
    """The id of an image of the suite's own, which is loaded if the engine has none.

    It is kept: it has no bytes that could be freed, and another run may be about to use it.
    """
    # What has this id is this image. The tag may be anybody's, and is asked for where an engine counts ids otherwise.
    with contextlib.suppress(ImageNotFound):
        return str(client.inspect_image(identity)["Id"])
    for line in client.load_image(archive):
        if "error" in line:
            raise JobError(f"the engine cannot load an image: {line['error']}")
    with contextlib.suppress(ImageNotFound):
        return str(client.inspect_image(identity)["Id"])
    return str(client.inspect_image(name)["Id"])


def built(name: str = NAME, layer: bytes = bytes(2 * tarfile.BLOCKSIZE), what: str = "empty") -> tuple[bytes, str]:
    """The archive for `docker load`, and the id of the image in it (OCI image specification, `ImageID`).

    `layer` is the archive of its files, and `what` says in its label what it is for.
    """
    description = {
        "architecture": "amd64",
        "os": "linux",
        "created": "1970-01-01T00:00:00Z",
        "config": {"Labels": {IMAGE: what}},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
        "history": [{"created": "1970-01-01T00:00:00Z"}],
    }
    config = json.dumps(description, sort_keys=True).encode()
    manifest = [{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]
    contents = {"config.json": config, "layer.tar": layer, "manifest.json": json.dumps(manifest).encode()}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, content in contents.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue(), f"sha256:{hashlib.sha256(config).hexdigest()}"
