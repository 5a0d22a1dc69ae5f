"""What reads bytes of others, each with bytes to begin from: nothing but its own errors may come of any others."""

from __future__ import annotations

import functools
import io
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from conformance.checks import load_checks
from conformance.errors import ConformanceError, JobError, RequestError, UsageError
from conformance.files import archive
from conformance.files.tree import File, FileTree, Kind
from conformance.image import executable, interpreter, packages, shell
from conformance.image.executable import kept
from conformance.image.gpu import driver, requirement
from conformance.image.image import Image
from conformance.image.library_path import library_path
from conformance.job import draft, jsonfile
from conformance.job.manifest import Manifest, ManifestError
from conformance.job.request import JobRequest
from conformance.job.validation import checked
from conformance.outcome import workload
from conformance.outcome.gpu import Look, devices_in
from conformance.outcome.outcome import End, Host
from conformance.outcome.record import KEY_BYTES
from conformance.outcome.standin import every_witness
from conformance.outcome.trace import Trace
from conformance.reports import reading
from conformance.rule.declaration import Registry
from conformance.service import relay
from conformance.service.results.collection import Collector
from conformance.service.traced import with_trace
from conformance.verdict import waiverfile
from tests.support.recording import arrive, become, begin, fork, leave, record, sealed, use

ROOT = Path(__file__).parent.parent.parent

REQUEST = (ROOT / "fixtures/reference/job.json").read_bytes()

ARCHIVE_BYTES = 1 << 20
"""How large an archive may be that a target reads."""

PIECE_BYTES = 100
"""How bytes come from the engine here: in pieces that end anywhere."""


@dataclass(frozen=True)
class Target:
    """`read` takes any bytes and raises nothing else than `refusals`."""

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]
    refusals: tuple[type[Exception], ...] = ()

    def __call__(self, content: bytes) -> None:
        """Read it, or refuse it in one line that can be printed."""
        try:
            self.read(content)
        except self.refusals as refusal:
            str(refusal).encode("utf-8")


def _request(content: bytes) -> None:
    document = jsonfile.request_in(content, "job.json")
    request = checked(document, "job.json")
    _ = (request.name, request.hosts, request.inputs, request.outputs, request.environment, str(request.document))


def _draft(content: bytes) -> None:
    document = jsonfile.request_in(content, "described.json")
    _ = (draft.of_description(document), draft.of_request(document))


def _manifest(content: bytes) -> None:
    manifest = Manifest.parse(content)
    manifest.text()
    for key in dict(manifest.keys()):
        key.encode("utf-8")


def _archive(content: bytes) -> None:
    request = JobRequest(json.loads(REQUEST), source="job.json")
    collector = Collector("algo-1", request, ("/opt/ml/processing/output/summary/volume",), upload=True)
    pieces = (content[at : at + PIECE_BYTES] for at in range(0, len(content), PIECE_BYTES))
    found = archive.read(
        pieces, root="/opt/ml", limit_bytes=ARCHIVE_BYTES, peek=collector.peek, linked=collector.linked
    )
    for file in FileTree.of(found):
        assert file.path.startswith("/")
        file.path.encode("utf-8")


def _record(content: bytes) -> None:
    for key in (b"", bytes(KEY_BYTES)):
        trace = Trace.parse(content, key)
        with_trace(Host("algo-1", ("python3",), End.EXITED), trace)
        _ = (trace.command, trace.complete, trace.disturbed, trace.work_began, trace.killed_from_outside())
        found = workload.find(trace)
        _ = (workload.waited_for(trace), found.certain)
        if found.process is not None:
            workload.run_by(trace, found.process)
        every_witness(content, key)
        if (look := Look.parse(content, key)) is not None:
            _ = (look.has_gpu, look.lines, look.library, look.failed, look.works)
    devices_in(content)


class _Attached:
    """A connection by which the engine says these bytes, a few at a time."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def recv(self, size: int, /) -> bytes:
        return self._content.read(min(size, PIECE_BYTES))

    def sendall(self, data: bytes, /) -> None:
        raise AssertionError(data)

    def settimeout(self, seconds: float | None, /) -> None:
        raise AssertionError(seconds)

    def shutdown(self, how: int, /) -> None:
        raise AssertionError(how)

    def close(self) -> None:
        raise AssertionError


def _frames(content: bytes) -> None:
    taken = sum(len(data) for _, _, _, data in relay._frames(relay._output(_Attached(content))))
    assert taken <= len(content)


def _file_of(content: bytes) -> Path:
    """A file with this content, which the next one takes the place of."""
    path = Path(_directory().name, "file")
    path.write_bytes(content)
    return path


@functools.cache
def _directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@functools.cache
def _checks() -> Registry:
    return load_checks()


def _waivers(content: bytes) -> None:
    for waiver in waiverfile.read(_file_of(content), _checks(), today=date(2026, 11, 28)).all:
        _ = (waiver.described(), waiver.is_of("image:latest", ()), waiver.covers("a violation"))


def _report(content: bytes) -> None:
    reading.read(_file_of(content))


IMAGE = Image(
    reference="image",
    id="sha256:0",
    digest="sha256:0",
    os="linux",
    architecture="amd64",
    entrypoint=("/program", "-c", "x"),
    cmd=(),
    environment={"PATH": "/bin", "NVIDIA_REQUIRE_CUDA": "cuda>=12"},
)


def _program(content: bytes) -> None:
    program = File("/program", Kind.FILE, mode=0o755, size=len(content), head=kept(content[: executable.HEAD_BYTES]))
    image = replace(IMAGE, files=FileTree.of([program]))
    _ = (executable.chain(image), executable.expanded(image))
    text = content.decode("latin-1")
    _ = (shell.hands_on_arguments(text), shell.ends_in_exec(text), shell.is_broken_array(text))
    words = tuple(text.split("\n"))
    _ = (shell.shell_command(words), interpreter.invocation(words), requirement.parse(text))


DOCUMENTS = ("/etc/ld.so.conf", "/var/lib/dpkg/status", "/lib/apk/db/installed", "/etc/passwd", "/etc/group")


def _documents(content: bytes) -> None:
    documents = dict.fromkeys(DOCUMENTS, content)
    image = replace(IMAGE, documents=documents, user="name:group")
    _ = (library_path(image), packages.driver_packages(documents), packages.owners(documents))
    _ = (driver.is_gpu_image(image), driver.bundled(image), driver.residue(image))


def _seed(name: str) -> bytes:
    return (ROOT / "fixtures" / name).read_bytes()


def _tar() -> bytes:
    """An archive with what is told apart: a file, a second name of it, a link, a FIFO, a long name that is no UTF-8."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as made:
        for name, kind in (("ml", tarfile.DIRTYPE), ("ml/output/message", tarfile.REGTYPE), ("ml/a", tarfile.FIFOTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, 3 if kind == tarfile.REGTYPE else 0
            made.addfile(member, io.BytesIO(b"abc"))
        for name, kind in (("ml/processing/output/summary/x", tarfile.LNKTYPE), ("ml/\udcff" * 60, tarfile.SYMTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "ml/output/message"
            made.addfile(member)
    return buffer.getvalue()


def _run() -> bytes:
    """The record of a run, sealed with a key of zeros."""
    steps: tuple[tuple[str, dict[str, Any]], ...] = (
        *(begin(), become(1, "sh", "-c", "x"), fork(8), become(8, "python3", "/p.py")),
        *(use("/opt/ml/processing/input/data/x"), arrive(8, 15), leave(8, 1), leave(1), ("end", {})),
    )
    return sealed(record(*steps), bytes(KEY_BYTES))


WAIVER = b"""[[waiver]]
check = "image.has-command"
image = "image:*"
reason = "known"
owner = "somebody"
expires = 2026-12-01
contains = "a"
"""

MANIFEST = b'[{"prefix": "s3://bucket/prefix/"}, "a", "b/c"]'

FRAMES = b"\x01\0\0\0\0\0\0\x0c\0\0\0\x01\x01\0\0\0\x03abc\x02\0\0\0\0\0\0\x01x"

DATABASE = b"""Package: libcuda1
Status: install ok installed

P:nvidia-driver
F:usr/lib
R:libcuda.so.1
include /etc/*.conf
"""

TARGETS: Mapping[str, Target] = {
    "request": Target(_request, (REQUEST,), (RequestError, UsageError)),
    "draft": Target(_draft, (REQUEST,), (ConformanceError,)),
    "manifest": Target(_manifest, (MANIFEST,), (ManifestError,)),
    "archive": Target(_archive, (_tar(),), (JobError,)),
    "record": Target(_record, (_run(),)),
    "frames": Target(_frames, (FRAMES,), (JobError,)),
    "waivers": Target(_waivers, (WAIVER,), (UsageError,)),
    "report": Target(_report, (_seed("reports/schema-1.json"), b'{"schema_version": 2}'), (UsageError,)),
    "program": Target(_program, (b'#!/bin/sh -e\nexec python3 "$@"', b"\x7fELF\x02\x01\x01" + bytes(57))),
    "documents": Target(_documents, (DATABASE, b"name:x:1:2::/:/bin/sh\ngroup:x:3:\n")),
}


def mutated(seed: bytes, changes: Iterable[tuple[int, int, bytes]]) -> bytes:
    """The seed with some parts taken out and others put in: where, how many bytes, and what instead of them."""
    content = bytearray(seed)
    for place, length, instead in changes:
        at = place % (len(content) + 1)
        content[at : at + length] = instead
    return bytes(content)
