"""What a vendor wants certified: `product.toml`, which goes into the bundle as it is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from conformance.verdict import tomlfile
from conformance.verdict.tomlfile import TomlFile

OPTION = "--image-certify"
NAME = "product.toml"

MEMBERS = ("vendor", "product", "version", "contact", "image", "jobs")

LONGEST_TEXT = 200
MOST_JOBS = 100

PINNED = re.compile(r"(?P<name>[a-z0-9][a-z0-9._:/-]{0,300})@(?P<digest>sha256:[0-9a-f]{64})", re.ASCII)
"""A reference with the digest of a manifest, by which every registry and engine finds the same image."""


@dataclass(frozen=True)
class Product:
    """A product of a vendor: its image by digest, and the ProcessingJobNames of the jobs that show what it does.

    `content` is the file itself.
    """

    vendor: str
    product: str
    version: str
    contact: str
    image: str
    jobs: tuple[str, ...]
    content: bytes

    @property
    def digest(self) -> str:
        """The digest of the image's manifest: `sha256:...`."""
        return self.image.partition("@")[2]

    @property
    def repository(self) -> str:
        """The image's reference without the digest."""
        return self.image.partition("@")[0]


def read(path: Path) -> Product:
    """The product in a file; raises `UsageError`, with the line, where the file cannot be read or is malformed."""
    file = tomlfile.read(path, OPTION)
    # The text of the file is its content: it is UTF-8.
    return of_file(file)


def parse(content: bytes, source: str) -> Product:
    """The same of what a file holds."""
    return of_file(tomlfile.parse(content, OPTION, source))


def of_file(file: TomlFile) -> Product:
    """The same of a TOML file."""
    document = file.document
    file.expect_members(document, MEMBERS)
    texts = {name: file.text_of(document, name) for name in MEMBERS if name != "jobs"}
    for name, said in texts.items():
        if name != "image" and len(said) > LONGEST_TEXT:
            raise file.fault(
                f"{name}: expected at most {LONGEST_TEXT} characters, got {len(said)}", line=file.line_of(name)
            )
    if not PINNED.fullmatch(texts["image"]):
        raise file.fault(
            f"image: expected registry/name@sha256:..., the digest of a manifest, got {texts['image']!r}",
            line=file.line_of("image"),
        )
    jobs = document["jobs"]
    if not isinstance(jobs, list) or not 0 < len(jobs) <= MOST_JOBS or not all(isinstance(job, str) for job in jobs):
        raise file.fault(
            f"jobs: expected a list of 1 to {MOST_JOBS} ProcessingJobNames, got {jobs!r}", line=file.line_of("jobs")
        )
    if len(set(jobs)) != len(jobs):
        raise file.fault(f"jobs: expected each once, got {jobs!r}", line=file.line_of("jobs"))
    return Product(**texts, jobs=tuple(jobs), content=file.text.encode())
