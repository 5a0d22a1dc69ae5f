"""Layers and image archives that depend on nothing but their content.

The same files give the same bytes, and so the same image id on every engine: no clock, no user name
and no order of a directory listing goes in.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import IO

MERGED = ("bin", "lib", "lib64", "sbin")
"""Directories of the root that are links into /usr, as in every current Debian and Ubuntu."""

_EPOCH = "1970-01-01T00:00:00Z"


@dataclass(frozen=True)
class File:
    """One member of a layer; its path is the key that it is kept under."""

    kind: bytes = tarfile.REGTYPE
    mode: int = 0o644
    data: bytes = b""
    target: str = ""


@dataclass(frozen=True)
class Config:
    """What an image says of itself, in the words of the image specification."""

    architecture: str
    command: tuple[str, ...]
    environment: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


def directory(mode: int = 0o755) -> File:
    """A directory."""
    return File(tarfile.DIRTYPE, mode)


def link(target: str) -> File:
    """A symbolic link to `target`."""
    return File(tarfile.SYMTYPE, 0o777, target=target)


def normal_path(name: str) -> str:
    """The path of a member below the root of a merged-/usr image, without a leading slash or dot.

    Raises:
        ValueError: The name climbs out of the root.
    """
    parts = [part for part in PurePosixPath(name).parts if part not in {"/", "."}]
    if ".." in parts:
        raise ValueError(f"member {name!r} climbs out of its archive")
    if parts and parts[0] in MERGED:
        parts.insert(0, "usr")
    return "/".join(parts)


def unpack(archives: Iterable[IO[bytes]]) -> dict[str, File]:
    """The files of several root file system tars; a later archive wins.

    Hard links become files of their own: few packages have any, and a copy needs no order among members.
    """
    files: dict[str, File] = {}
    for archive in archives:
        with tarfile.open(fileobj=archive) as members:
            for member in members:
                path = normal_path(member.name)
                if not path or (member.isdir() and path in files):
                    continue
                if member.islnk():
                    files[path] = files[normal_path(member.linkname)]
                elif member.issym():
                    files[path] = link(member.linkname)
                elif member.isdir():
                    files[path] = directory(member.mode)
                elif member.isreg() and (content := members.extractfile(member)) is not None:
                    files[path] = File(mode=member.mode, data=content.read())
    return files


def pack(files: Mapping[str, File]) -> bytes:
    """A layer with these files and the directories above them: sorted, owned by root, of no date."""
    complete = dict(files)
    for path in files:
        for parent in PurePosixPath(path).parents:
            if parent.name:
                complete.setdefault(str(parent), directory())
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w", format=tarfile.GNU_FORMAT) as members:
        for path in sorted(complete):
            entry = complete[path]
            member = tarfile.TarInfo(path)  # owner 0:0 and mtime 0 unless told otherwise
            member.type, member.mode, member.linkname = entry.kind, entry.mode, entry.target
            member.size = len(entry.data)
            members.addfile(member, io.BytesIO(entry.data))
    return layer.getvalue()


def write_archive(target: IO[bytes], tag: str, config: Config, layers: Sequence[bytes]) -> None:
    """Write the archive that `docker load` takes for an image of these layers."""
    names = [f"{hashlib.sha256(layer).hexdigest()}.tar" for layer in layers]
    document = {
        "architecture": config.architecture,
        "os": "linux",
        "created": _EPOCH,
        "config": {
            "Cmd": list(config.command),
            "Env": list(config.environment),
            "Labels": dict(config.labels),
        },
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{name.removesuffix('.tar')}" for name in names]},
        "history": [{"created": _EPOCH, "created_by": "images/builder/bases.py"} for _ in layers],
    }
    description = json.dumps(document, sort_keys=True).encode()
    description_name = f"{hashlib.sha256(description).hexdigest()}.json"
    manifest = [{"Config": description_name, "RepoTags": [tag], "Layers": names}]
    contents = {description_name: description, **dict(zip(names, layers, strict=True))}
    contents["manifest.json"] = json.dumps(manifest).encode()
    with tarfile.open(fileobj=target, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, data in contents.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
