"""What a folder below images/ says of the image that is built from it. No engine is needed here."""

import hashlib
import io
import itertools
import json
import re
import shlex
import tarfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FIXTURES = ROOT.parent / "fixtures"

NAMESPACE = "conformance"
"""The first part of every tag of ours."""

_NOT_IN_CONTEXT = frozenset({"job.json", "__pycache__"})
"""What lies in a folder for the suite and not for the image."""

_BASE = re.compile(r"^ARG BASE=(\S+)\nFROM \$\{BASE\}$", re.MULTILINE)


class UnknownImageError(LookupError):
    """No folder of that name holds a Dockerfile; the text names those that do."""


class DockerfileError(ValueError):
    """A Dockerfile does not name its base the way that the builder needs."""


@dataclass(frozen=True)
class Folder:
    """One image's folder; `name` is its path below images/, such as `flawed/driver-in-the-image`."""

    name: str
    path: Path

    @property
    def tag(self) -> str:
        """The tag that the image gets: `conformance/flawed-driver-in-the-image:latest`."""
        return f"{NAMESPACE}/{self.name.replace('/', '-')}:latest"

    @property
    def dockerfile(self) -> str:
        """The text of the Dockerfile."""
        return (self.path / "Dockerfile").read_text()

    @property
    def comment(self) -> str:
        """What the Dockerfile begins with: what is wrong with a flawed image, or suspicious about a sound one."""
        lines = itertools.takewhile(lambda line: line.startswith("#"), self.dockerfile.splitlines())
        return " ".join(line.lstrip("# ") for line in lines)

    def label(self, name: str) -> list[str]:
        """The words of `LABEL conformance.<name>`, as a shell reads them; none where there is no such label."""
        found = re.search(rf'^LABEL conformance[.]{name}="?(.*?)"?$', self.dockerfile, re.MULTILINE)
        return shlex.split(found[1]) if found else []

    @property
    def base(self) -> str:
        """The ordinary base that the Dockerfile names.

        Raises:
            DockerfileError: It names none, or in other words than the builder can replace.
        """
        if found := _BASE.search(self.dockerfile):
            return found[1]
        raise DockerfileError(f"images/{self.name}/Dockerfile must begin with `ARG BASE=<base>` and `FROM ${{BASE}}`")

    @property
    def requirements(self) -> Path | None:
        """The distributions that a substitute base must bring, if the folder lists any."""
        listed = self.path / "requirements.txt"
        return listed if listed.is_file() else None

    @property
    def job(self) -> Path | None:
        """The job that shows the flaw, where the reference job does not."""
        own = self.path / "job.json"
        return own if own.is_file() else None

    @property
    def request(self) -> Path:
        """The job that it is judged with: its own, or the reference's."""
        return self.job or FIXTURES / "reference/job.json"

    def context(self) -> bytes:
        """The build context as a tar: the same files give the same bytes.

        Only the executable bit of a mode counts, as in git; the rest depends on the umask of a checkout.
        """
        context = io.BytesIO()
        with tarfile.open(fileobj=context, mode="w", format=tarfile.GNU_FORMAT) as archive:
            for path in sorted(self.path.rglob("*")):
                inside = path.relative_to(self.path)
                if path.is_file() and not _NOT_IN_CONTEXT.intersection(inside.parts):
                    content = path.read_bytes()
                    member = tarfile.TarInfo(str(inside))
                    member.size = len(content)
                    member.mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
                    archive.addfile(member, io.BytesIO(content))
        return context.getvalue()

    def content_hash(self, base_id: str) -> str:
        """A hash of all that the image is made of."""
        return hashlib.sha256(base_id.encode() + b"\n" + self.context()).hexdigest()


def all_names(root: Path = ROOT) -> tuple[str, ...]:
    """The names of all images, sorted."""
    return tuple(sorted(str(found.parent.relative_to(root)) for found in root.rglob("Dockerfile")))


def folder(name: str, root: Path = ROOT) -> Folder:
    """The folder of that name.

    Raises:
        UnknownImageError: There is none.
    """
    if name not in (names := all_names(root)):
        raise UnknownImageError(f"no image is called {name!r}; there are {', '.join(names)}")
    return Folder(name, root / name)


def objects_of(job: Path) -> Path:
    """The S3 of the fixture that a job reads."""
    inputs = json.loads(job.read_text(encoding="utf-8")).get("ProcessingInputs", ())
    # One without inputs reads S3 by itself.
    first = next((item["S3Input"]["S3Uri"] for item in inputs), "s3://conformance-fixtures/reference")
    return FIXTURES / first.removeprefix("s3://conformance-fixtures/").partition("/")[0] / "s3"


def folder_of_tag(tag: str, root: Path = ROOT) -> Folder | None:
    """The folder whose image is called so, if it is one of ours: `conformance/reference`."""
    named = (Folder(name, root / name) for name in all_names(root))
    return next((found for found in named if tag in {found.tag, found.tag.removesuffix(":latest")}), None)
