"""Which image of the engine an ImageUri names.

The rule: first the whole URI, as a reference or an id of an image that the engine has; then, of a URI of Amazon ECR,
what stands after its registry. So `123456789012.dkr.ecr.us-east-1.amazonaws.com/team/train:2` is the local image
`team/train:2` unless an image has the whole name. AWS refuses what is no URI of ECR; here any reference will do.
"""

from __future__ import annotations

import re

from conformance.errors import ImageError
from conformance.image.image import Image
from conformance.service import inspection
from conformance.service.engine import Engine

REGISTRY = re.compile(
    r"\d{12}\.dkr\.ecr(-fips)?\.[a-z0-9-]+\.(amazonaws\.com(\.cn)?|on\.aws|on\.amazonwebservices\.com\.cn)/"
)


def candidates(uri: str) -> tuple[str, ...]:
    """The names under which the engine may have the image of a URI, in the order in which they are tried."""
    return tuple(dict.fromkeys((uri, REGISTRY.sub("", uri, count=1) if REGISTRY.match(uri) else uri)))


def find(engine: Engine, uri: str, *, pull: bool) -> Image | None:
    """The image of a URI, pulled by its whole name where that is wanted; None where it is not there."""
    for name in candidates(uri):
        try:
            found = inspection.find_local(engine, name)
        except ImageError:
            # The engine takes this for no name.
            continue
        if found is not None:
            return found
    if not pull:
        return None
    try:
        return inspection.find(engine, uri)
    except ImageError:
        return None
