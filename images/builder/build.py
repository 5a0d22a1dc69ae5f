"""Build the images below images/: `python -m images.builder.build [NAME...]`.

An image is built when its folder or its base changed, and only then. Several processes may build at
the same time: one builds, the others wait for it.
"""

import argparse
import io
import re
import sys
import time
from collections.abc import Sequence

import docker
from docker import DockerClient
from docker.errors import APIError, BuildError, DockerException, ImageNotFound
from docker.models.images import Image
from filelock import FileLock

from images.builder import bases
from images.builder.folders import DockerfileError, Folder, UnknownImageError, all_names, folder, folder_of_tag

__all__ = ["BuildFailedError", "all_names", "build", "lock", "main"]

CONTENT = "conformance.content"
"""The label that says what an image was built from."""

_LOG_LINES = 20


class BuildFailedError(RuntimeError):
    """The engine could not build an image; the text ends with the end of its log."""


def build(name: str, client: DockerClient) -> str:
    """Build an image, unless it is there already, and return its tag.

    Raises:
        UnknownImageError: No folder below images/ has that name.
        BaseUnavailableError: The image's base cannot be had.
        BuildFailedError: The engine could not build it.
    """
    return build_folder(folder(name), client)


def build_folder(image: Folder, client: DockerClient) -> str:
    """Build the image of a folder wherever it lies, unless it is there already, and return its tag."""
    base = _base(image, client)
    content = image.content_hash(str(base.id))
    if not _is_built(image, content, client):
        with lock(image.tag):
            if not _is_built(image, content, client):  # another process may have built it meanwhile
                _build(image, base, content, client)
    return image.tag


def _base(image: Folder, client: DockerClient) -> Image:
    if ours := folder_of_tag(image.base):
        return client.images.get(build_folder(ours, client))
    with lock(image.base):
        return bases.resolve(image.base, client, image.requirements)


def lock(name: str) -> FileLock:
    """What keeps other processes from building an image of that name meanwhile."""
    locks = bases.CACHE / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    return FileLock(locks / f"{name.replace('/', '-').replace(':', '-')}.lock")


def _existing(image: Folder, client: DockerClient) -> Image | None:
    try:
        return client.images.get(image.tag)
    except ImageNotFound:
        return None


def _is_built(image: Folder, content: str, client: DockerClient) -> bool:
    existing = _existing(image, client)
    return existing is not None and existing.labels.get(CONTENT) == content


def _build(image: Folder, base: Image, content: str, client: DockerClient) -> None:
    superseded = _existing(image, client)
    try:
        client.images.build(
            fileobj=io.BytesIO(image.context()),
            custom_context=True,
            tag=image.tag,
            buildargs={"BASE": str(base.id)},  # a tag may move meanwhile
            labels={CONTENT: content},
            rm=True,
            forcerm=True,
        )
    except BuildError as error:
        said = "".join(str(step.get("stream") or step.get("error") or "") for step in error.build_log)
        said = re.sub(r"\x1b\[[0-9;]*m", "", said)  # the engine colours what a RUN step says
        end = "\n".join(said.strip().splitlines()[-_LOG_LINES:])
        raise BuildFailedError(f"images/{image.name} cannot be built:\n{end}") from None
    except APIError as error:
        raise BuildFailedError(f"images/{image.name} cannot be built: {error.explanation}") from None
    if superseded:
        bases.remove_untagged(superseded, client)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; the exit status is 0 when every image is there."""
    parser = argparse.ArgumentParser(
        prog="python -m images.builder.build", description="Build the images below images/."
    )
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a folder below images/; by default all but those below hostile/"
    )
    parser.add_argument("--list", action="store_true", help="print the names and build nothing")
    options = parser.parse_args(arguments)
    if options.list:
        print(*all_names(), sep="\n")
        return 0
    try:
        client = docker.from_env()
        # Those are built where they are judged.
        for name in options.names or [name for name in all_names() if not name.startswith("hostile/")]:
            begun = time.monotonic()
            tag = build(name, client)
            print(f"{tag}  {time.monotonic() - begun:.1f} s", flush=True)
    except (bases.BaseUnavailableError, BuildFailedError, DockerfileError, UnknownImageError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except DockerException as error:
        print(f"error: no answer from a Docker Engine: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
