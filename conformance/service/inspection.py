"""Reading the image: found or pulled once, then its configuration and the names of all its files."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import IO, Any

from docker.errors import APIError, ImageNotFound, NotFound

from conformance.errors import ImageError
from conformance.files import archive
from conformance.files.tree import File, FileTree
from conformance.image.executable import HEAD_BYTES, kept
from conformance.image.gpu.nvidia import NOTE_SECTION, is_driver_name
from conformance.image.image import Image
from conformance.image.library_path import is_configuration
from conformance.image.packages import is_database, is_relevant
from conformance.service import layers, platforms, variants
from conformance.service.engine import STILL_THERE, Engine, export, fetch
from conformance.service.labels import new_name
from conformance.service.pull import Show, pull
from conformance.service.trouble import as_engine_error, as_job_error, explanation

DOCUMENTS = frozenset({"/etc/passwd", "/etc/group"})
"""Text files that rules read."""

DOCUMENT_BYTES = 4 << 20
"""How much is kept of one document."""

FURTHER_BYTES = 32 << 20
"""How much is kept of all documents of package databases and of the dynamic linker: an image may have any number."""

EXPORT_BYTES = 1 << 40


def find(engine: Engine, reference: str, show: Show = lambda _: None) -> Image:
    """Find an image by reference or id, pull it if it is missing, and read its configuration, but not its files.

    `show` is told how far a pull is.

    Raises:
        ImageError: the image exists neither locally nor in its registry, or what is here is the variant of another
            platform; see `conformance.service.platforms`.
        EngineError: the engine does not tell.
    """
    with as_engine_error(f"cannot inspect {reference!r}"):
        found = find_local(engine, reference)
        if found is None:
            pull(engine, reference, show)
            # Whatever this is, the registry has nothing that would rather be run.
            found = from_facts(reference, engine.client.inspect_image(reference))
        return replace(found, layers=layers.of_image(engine, found.id))


def find_local(engine: Engine, reference: str) -> Image | None:
    """Find an image that the engine has, as `find`, but pull none; None where it is not there.

    Raises:
        ImageError: the engine takes this for no name of an image, or has the variant of another platform.
    """
    try:
        facts = engine.client.inspect_image(reference)
    except ImageNotFound:
        return None
    except APIError as error:
        raise ImageError(f"--image: the engine rejected {reference!r}: {explanation(error)}") from error
    return from_facts(reference, variants.of_aws(engine, reference, facts))


def from_facts(reference: str, facts: dict[str, Any]) -> Image:
    """Create an image from the output of `docker image inspect`; its files are read later."""
    config = facts.get("Config") or {}
    environment = dict(entry.split("=", 1) for entry in config.get("Env") or () if "=" in entry)
    digests = [digest.partition("@")[2] for digest in facts.get("RepoDigests") or ()]
    return Image(
        reference=reference,
        id=facts["Id"],
        digest=digests[0] if digests else facts["Id"],
        pinned=tuple(facts.get("RepoDigests") or ()),
        os=facts.get("Os", ""),
        architecture=facts.get("Architecture", ""),
        variant=facts.get("Variant") or "",
        entrypoint=tuple(config.get("Entrypoint") or ()),
        cmd=tuple(config.get("Cmd") or ()),
        environment=environment,
        user=config.get("User") or "",
        working_directory=config.get("WorkingDir") or "/",
        volumes=tuple(sorted(config.get("Volumes") or ())),
        shell=tuple(config.get("Shell") or ()),
        labels=dict(config.get("Labels") or {}),
        ports=tuple(sorted(config.get("ExposedPorts") or ())),
        size=int(facts.get("Size", 0)),
    )


@dataclass
class _Reading:
    """What is kept of file contents while the export is streamed."""

    documents: dict[str, bytes] = field(default_factory=dict)
    forward_compatible: set[str] = field(default_factory=set)
    further: int = 0

    def peek(self, file: File, content: IO[bytes]) -> File:
        """Keep the head of executables, a few documents, and whether a driver library has NVIDIA's ELF note."""
        if file.path in DOCUMENTS:
            self.documents[file.path] = content.read(DOCUMENT_BYTES)
        elif is_database(file.path) or is_configuration(file.path):
            self._keep(file.path, content.read(DOCUMENT_BYTES))
        elif is_driver_name(file.path) and _contains(content, NOTE_SECTION):
            self.forward_compatible.add(file.path)
        elif file.mode & 0o111:
            return replace(file, head=kept(content.read(HEAD_BYTES)))
        return file

    def _keep(self, path: str, content: bytes) -> None:
        if is_relevant(path, content) and self.further + len(content) <= FURTHER_BYTES:
            self.documents[path] = content
            self.further += len(content)


def read_files(engine: Engine, image: Image, labels: dict[str, str]) -> Image:
    """Read the list of all files from one export of a container that is never started.

    Raises:
        JobError: the engine could not create or export the container.
    """
    client = engine.client
    reading = _Reading()
    with as_job_error(f"cannot read the files of {image.reference!r}"):
        container = client.create_container(**_unused(engine, image), name=new_name(labels, "image"), labels=labels)
        try:
            chunks = export(client, container["Id"])
            found = archive.read(chunks, root="", limit_bytes=EXPORT_BYTES, peek=reading.peek)
            # The engine itself puts this mark into every container.
            files = FileTree.of(file for file in found if file.path not in {"/", "/.dockerenv"})
        finally:
            with contextlib.suppress(*STILL_THERE):
                client.remove_container(container, v=True, force=True)
    return replace(
        image,
        files=files,
        documents=reading.documents,
        forward_compatible=frozenset(reading.forward_compatible),
    )


def read_file(engine: Engine, image: Image, path: str, labels: dict[str, str]) -> bytes:
    """The beginning of a regular file of the image, as much of it as of a document.

    Raises:
        ImageError: there is no such file.
        JobError: the engine could not create the container that it is read from.
    """
    client = engine.client
    found: list[bytes] = []

    def peek(file: File, content: IO[bytes]) -> File:
        found.append(content.read(DOCUMENT_BYTES))
        return file

    with as_job_error(f"cannot read {path} of {image.reference!r}"):
        container = client.create_container(**_unused(engine, image), labels=labels)
        try:
            chunks, _ = fetch(client, container["Id"], path)
            for _ in archive.read(chunks, root="", limit_bytes=EXPORT_BYTES, peek=peek):
                pass
        except NotFound as error:
            raise ImageError(f"{image.reference} has no file {path}") from error
        finally:
            with contextlib.suppress(*STILL_THERE):
                client.remove_container(container, v=True, force=True)
    if len(found) != 1:
        raise ImageError(f"{path} of {image.reference} is not a regular file")
    return found[0]


def _unused(engine: Engine, image: Image) -> dict[str, Any]:
    """What a container is created with that is never started.

    An image without a command would need one all the same, and none could be created whose WORKDIR is no directory.
    """
    return {
        "image": image.id,
        "command": ["-"],
        "working_dir": "/",
        "network_disabled": True,
        "platform": platforms.to_create(image, foreign=engine.is_foreign),
    }


def _contains(content: IO[bytes], wanted: bytes) -> bool:
    end = b""
    while block := content.read(archive.BLOCK):
        if wanted in end + block:
            return True
        end = block[-len(wanted) :]
    return False
