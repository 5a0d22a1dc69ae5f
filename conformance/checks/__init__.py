"""The checks, one file per chapter of the contract; CONTRIBUTING.md shows how to add one."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from conformance.rule.declaration import REGISTRY, Registry


@cache
def _import_chapters() -> None:
    for chapter in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{chapter.name}")


def load_checks() -> Registry:
    """Import every chapter and return all checks; raises `ValueError` for a reference to an unknown check."""
    _import_chapters()
    for declared in REGISTRY:
        for other in declared.explained_by:
            try:
                explaining = REGISTRY[other]
            except KeyError as error:
                raise ValueError(f"check {declared.id!r} is explained by an unknown check: {error}") from error
            if explaining.job is not None:
                raise ValueError(f"check {declared.id!r} is explained by {other}, which does not check the image alone")
    return REGISTRY
