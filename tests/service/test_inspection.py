"""Of the contents of an image's files, a few documents are kept, and never more than the memory that they may take."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest

from conformance.image.gpu.nvidia import NOTE_SECTION
from conformance.image.image import Image
from conformance.service import engine, inspection
from conformance.service.labels import RUN
from images.builder.layers import File, pack

pytestmark = pytest.mark.engine

DRIVER = "usr/lib/x86_64-linux-gnu/libcuda.so.535.183.01"

KEPT = {
    "etc/passwd": b"root:x:0:0::/root:/bin/sh\n",
    "etc/ld.so.conf": b"include /etc/ld.so.conf.d/*.conf\n",
    "etc/ld.so.conf.d/cuda.conf": b"/usr/local/cuda/lib64\n",
    "lib/apk/db/installed": b"P:bash\n",
    "var/lib/dpkg/info/libnvidia-compute-535:amd64.list": f"/{DRIVER}\n".encode(),
    "var/lib/dpkg/status": b"Package: libnvidia-compute-535\nStatus: install ok installed\n",
    "var/lib/dpkg/status.d/libc6": b"Package: libc6\n",
}
LEFT = {
    "etc/shadow": b"root:*\n",
    "etc/ld.so.cache": b"glibc-ld.so.cache1.1",
    "var/lib/dpkg/info/libc6.list": b"/lib/x86_64-linux-gnu/libc.so.6\n",
    "var/lib/dpkg/info/libnvidia-compute-535:amd64.md5sums": f"0  {DRIVER}\n".encode(),
    "var/lib/dpkg/status.d/libc6.md5sums": b"0  lib/x86_64-linux-gnu/libc.so.6\n",
    "var/lib/rpm/rpmdb.sqlite": b"SQLite format 3\0",
}


@pytest.fixture(name="read")
def _read(reached: engine.Engine) -> Iterator[Callable[..., Image]]:
    """Make an image of these files, and read it."""
    made: list[str] = []

    def read(contents: dict[str, bytes]) -> Image:
        made.append(f"conformance-test/inspection-{uuid.uuid4().hex[:12]}")
        files = pack({path: File(data=content) for path, content in contents.items()})
        reached.client.import_image_from_data(files, repository=made[-1])
        return inspection.read_files(reached, inspection.find(reached, made[-1]), {RUN: "inspection"})

    yield read
    for name in made:
        reached.client.remove_image(name)


def test_the_documents_that_rules_read_are_kept(read: Callable[..., Image]) -> None:
    """As they are; of lists of files, those that may name a part of a driver."""
    image = read(KEPT | LEFT | {DRIVER: b"\x7fELF"})

    assert {f"/{path}": content for path, content in KEPT.items()} == image.documents
    assert {f"/{path}" for path in (*KEPT, *LEFT, DRIVER)} <= set(image.files.entries)


def test_no_number_of_documents_takes_more_memory_than_there_is_for_them(
    read: Callable[..., Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accounts are always kept, and of the others as many as fit."""
    monkeypatch.setattr(inspection, "FURTHER_BYTES", 100)
    many = {f"var/lib/dpkg/status.d/package-{number}": b"Package: libc6\n" + b" " * 25 for number in range(10)}

    documents = dict(read(KEPT | many).documents)

    assert KEPT["etc/passwd"] == documents.pop("/etc/passwd")
    assert 60 < sum(map(len, documents.values())) <= 100


def test_a_library_that_bears_nvidias_note_is_known(read: Callable[..., Image]) -> None:
    """Wherever it lies; one that bears none is a driver's."""
    copied = "app/lib/libcuda.so.550.54.15"
    image = read({copied: b"\x7fELF" + bytes(100_000) + NOTE_SECTION + b"\0", DRIVER: b"\x7fELF"})

    assert frozenset({f"/{copied}"}) == image.forward_compatible
