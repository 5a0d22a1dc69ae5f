"""Give an engine the very image that another one has: pulled by digest, or as by `docker save | docker load`.

What is pulled keeps the digest of its manifest, by which waivers may name it and certificates do; what is carried
keeps its id alone.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum

from docker.errors import DockerException
from docker.utils import parse_repository_tag
from requests import RequestException

from conformance.errors import EngineError, ImageError
from conformance.image.image import Image
from conformance.service import engine, inspection, pull
from conformance.service.engine import Engine


class How(StrEnum):
    """How an image came to an engine."""

    PULLED = "pulled by digest by"
    CARRIED = "carried to"


def connect(environment: Mapping[str, str]) -> Engine:
    """Connect to the engine that these variables name; only in the main thread, since the process has one environment.

    Raises:
        EngineError: it does not respond.
    """
    with _set(environment):
        return engine.connect()


def carry(image: str, source: Engine, target: Engine) -> How | None:
    """Give `target` the image if `source` has one that it lacks; returns how, None if there was nothing to do.

    Raises:
        EngineError: one of them failed.
        ImageError: `target` cannot be given this image, as one by a digest that no registry has for it.
    """
    try:
        here, there = (inspection.find_local(each, image) for each in (source, target))
        if here is None or (there is not None and _is_same(source, here, target, there)):
            return None
        how = _pulled(here, target)
        if how is None and "@" in image:
            raise ImageError(
                f"{image!r} cannot be pulled by {target}, and what is carried has no digest of a manifest",
                hint="name it by a tag, or let that engine reach the registry",
            )
        if how is None:
            _load(image, source, target)
            how = How.CARRIED
        arrived = inspection.find_local(target, image)
    except (DockerException, RequestException) as error:
        raise EngineError(f"{image!r} cannot be carried from {source} to {target}: {error}") from error
    if arrived is None or not _is_same(source, here, target, arrived):
        raise ImageError(f"{image!r} arrived at {target} as another image")
    return how


def _is_same(source: Engine, here: Image, target: Engine, there: Image) -> bool:
    """Whether two engines have the same image: those with the containerd store know it by another id."""
    if here.id == there.id or set(map(_digest, here.pinned)) & set(map(_digest, there.pinned)):
        return True
    return _content(source, here) == _content(target, there)


def _digest(name: str) -> str:
    return name.rpartition("@")[2]


def _content(engine: Engine, image: Image) -> tuple[object, ...]:
    """Its layers by their digests, and what its configuration has that matters here."""
    layers = engine.client.inspect_image(image.id)["RootFS"]["Layers"]
    return layers, image.platform, image.entrypoint, image.cmd, image.environment, image.user, image.working_directory


def _pulled(image: Image, target: Engine) -> How | None:
    """Pull an image by a digest of its manifest, and name it as it was asked for; None if no registry has it there."""
    for name in image.pinned:
        try:
            pull.pull(target, name, lambda _: None)
        except ImageError:
            continue
        if "@" not in image.reference:
            repository, tag = parse_repository_tag(image.reference)
            target.client.tag(name, repository, tag or "latest", force=True)
        return How.PULLED
    return None


def _load(image: str, source: Engine, target: Engine) -> None:
    for line in target.client.load_image(source.client.get_image(image)):
        if "error" in line:
            raise EngineError(f"{target} cannot load {image!r}: {line['error']}")


@contextmanager
def _set(environment: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
