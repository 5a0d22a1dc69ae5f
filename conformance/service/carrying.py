"""Carry an image from one engine to another, as `docker save | docker load` does: it keeps its id."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from docker.errors import DockerException
from requests import RequestException

from conformance.errors import EngineError, ImageError
from conformance.service import engine, inspection
from conformance.service.engine import Engine


def connect(environment: Mapping[str, str]) -> Engine:
    """Connect to the engine that these variables name; only in the main thread, since the process has one environment.

    Raises:
        EngineError: it does not respond.
    """
    with _set(environment):
        return engine.connect()


def carry(image: str, source: Engine, target: Engine) -> bool:
    """Give `target` the image if `source` has one that it lacks; returns whether it was carried.

    Raises:
        EngineError: one of them failed.
        ImageError: `target` has another image of that name.
    """
    try:
        here, there = (inspection.find_local(each, image) for each in (source, target))
        if here is None or (there is not None and there.id == here.id):
            return False
        for line in target.client.load_image(source.client.get_image(image)):
            if "error" in line:
                raise EngineError(f"{target} cannot load {image!r}: {line['error']}")
        arrived = inspection.find_local(target, image)
    except (DockerException, RequestException) as error:
        raise EngineError(f"{image!r} cannot be carried from {source} to {target}: {error}") from error
    if arrived is None or arrived.id != here.id:
        raise ImageError(f"{image!r} arrived at {target} as another image")
    return True


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
