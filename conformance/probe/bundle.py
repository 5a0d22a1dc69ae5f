"""What is put into a container to make the probe run there, and what is read back from it.

A bundle is an archive for `put_archive(container, "/", ...)` between create and start; the record is what
`get_archive(container, RECORD)` gives after the end. No process of the container sees either call.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Iterable
from urllib.parse import quote_from_bytes

from conformance.files.archive import ChunkStream
from conformance.probe import DIRECTORY, HALTED, KEY, LOADER, LOOK, PLAN, PROGRAM, RECORD, WITNESS, binary

LIMIT_BYTES = 32 << 20
"""How much the tracer records; past that it says that it was cut."""

READ_BYTES = 2 * LIMIT_BYTES
"""How much is read back: the record's processes write more than the tracer alone, but never this much."""

_PRINTABLE = "".join(map(chr, range(0x21, 0x7F))).replace("%", "")


def words(*parts: str | bytes | int) -> str:
    """One line of a plan: each part becomes one word, whatever its bytes are."""
    encoded = (part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogateescape") for part in parts)
    return " ".join(quote_from_bytes(part, safe=_PRINTABLE) for part in encoded)


def trace(limit_bytes: int = LIMIT_BYTES, *, mapped: str = "", halt: str = "") -> str:
    """The plan of a tracer: the container's command becomes `[PROGRAM, *argv]`.

    `mapped` is a part of a path; of each process that ends it is told which such file it had mapped. `halt` is a line
    that `halt_at_work` gives.
    """
    line = words("trace", limit_bytes, *([mapped] if mapped else []))
    return f"{line}\n{halt}" if halt else line


def halt_at_work(signal: int, command: Iterable[str], passed: Iterable[str] = ()) -> str:
    """The line of a plan by which all processes halt once the work has begun, until process 1 is sent this signal.

    It begins when, after a process came to have the arguments `command` (nothing for any), a file is used below
    /opt/ml/processing, in no directory of `passed`. `HALTED`, empty before, has a byte in it from then on.
    """
    return words("halt", signal, "".join(f"{argument}\0" for argument in command), *passed)


def report(*lines: str, command: Iterable[str] = ()) -> str:
    """The plan of a stand-in: it writes down what it found, then does what the lines say; see `words`.

    With a `command`, it stands in only for what is started by a command line that begins so.
    """
    return "\n".join((words("report", *command), *lines))


def trace_and_report(traced: str, reported: str) -> str:
    """The plan of a tracer and, in the place of a program, of a stand-in that it traces."""
    return f"{traced}\n{reported}"


def look_at_gpus(seconds: float = 30.0) -> str:
    """The line of a plan by which GPUs are looked at; what runs longer than so many seconds is ended."""
    return words("gpus", LOADER, LOOK, round(seconds * 1000))


def bundle(plan: str, *, copies: Iterable[str] = (), key: bytes = b"") -> bytes:
    """An archive with the probe, its plan and an empty record; see `beginning`."""
    return beginning(plan, copies=copies, key=key) + bytes(2 * tarfile.BLOCKSIZE)


def beginning(plan: str, *, copies: Iterable[str] = (), keeps: bool = False, key: bytes = b"") -> bytes:
    """The probe, its plan and an empty record that every user of the container may write, as an archive without an end.

    `copies` are absolute paths of files in the image that the probe stands in for; none of them may be a link. With
    `keeps`, each of these files stays beside the probe under another name, for what is started by other command lines.
    `key` seals the record where the probe is the container's first process, which alone can take it away in time.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        directory = tarfile.TarInfo(DIRECTORY.lstrip("/"))
        directory.type, directory.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(directory)
        for path in copies if keeps else ():
            _keep(archive, path)
        for path in (PROGRAM, *copies):
            _add(archive, path, binary(), 0o755)
        if LOOK in plan:
            _add(archive, LOOK, binary("look"), 0o755)
        _add(archive, PLAN, plan.encode("ascii"), 0o644)
        for record in (RECORD, *([WITNESS] if keeps else [])):
            _add(archive, record, b"", 0o666)
        if key:
            _add(archive, KEY, key, 0o666)
        if "\nhalt " in plan:
            _add(archive, HALTED, b"", 0o666)
        end = archive.offset
    return buffer.getvalue()[:end]


def read_record(chunks: Iterable[bytes]) -> bytes:
    """The record, out of the archive that the engine gives for it.

    Raises:
        JobError: it is larger than any record of the probe.
    """
    with (
        io.BufferedReader(ChunkStream(chunks, limit_bytes=READ_BYTES)) as stream,
        tarfile.open(fileobj=stream, mode="r|") as archive,
    ):
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is not None:
                return content.read()
    return b""


def _keep(archive: tarfile.TarFile, path: str) -> None:
    """Give a file a second name, by a hard link, under which it stays when something else takes its place."""
    folder, name = posixpath.split(path)
    entry = tarfile.TarInfo(f"{folder}/.conformance.{name}".lstrip("/"))
    entry.type, entry.linkname, entry.mode = tarfile.LNKTYPE, path.lstrip("/"), 0o755
    archive.addfile(entry)


def _add(archive: tarfile.TarFile, path: str, content: bytes, mode: int) -> None:
    entry = tarfile.TarInfo(path.lstrip("/"))
    entry.size, entry.mode = len(content), mode
    archive.addfile(entry, io.BytesIO(content))
