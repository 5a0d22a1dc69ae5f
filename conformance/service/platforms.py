"""Which platform of an image is judged: Processing runs linux/amd64, on whatever the engine itself runs.

An engine on Arm has by default the arm64 variant of an image that is built for several platforms. That variant says
nothing of the one that AWS would run, so it is judged only where it is certain that there is no other one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.errors import ImageError
from conformance.image.image import Image

AWS = "linux/amd64"
"""The platform of the instances of Processing, none of which has an Arm processor."""

AWS_IN_JSON = '{"os": "linux", "architecture": "amd64"}'
"""The same as the engine takes it where an image is inspected (Engine API 1.49, `ImageInspect`)."""

LACKING = re.compile(
    r"no matching manifest for|does not match the specified platform|no match for platform"
    r"|no image found in (manifest list|image index)",
    re.IGNORECASE,
)
"""How engines say that a registry has an image, but not for the platform that was asked for."""

Published = Callable[[str], frozenset[str] | None]
"""The platforms of an image by its name and digest in a registry; None where the registry does not tell."""


@dataclass(frozen=True)
class Held:
    """What an engine has of an image.

    `shown` is the platform that it shows. `variants` are all platforms by its own account, each with whether its files
    are there, and None where it gives none. `names` are those with a digest by which registries have the image.
    """

    reference: str
    shown: str
    variants: Mapping[str, bool] | None = None
    names: Sequence[str] = ()


def of_facts(facts: Mapping[str, Any]) -> str:
    """The platform in the output of `docker image inspect`."""
    return f"{facts.get('Os', '')}/{facts.get('Architecture', '')}"


def variants(facts: Mapping[str, Any]) -> dict[str, bool] | None:
    """The platforms of an image and whether their files are there, as `docker image inspect` gives them if asked to.

    Only an engine with the containerd image store does, from API 1.48 on. An attestation is no platform.
    """
    manifests = facts.get("Manifests")
    if not manifests:
        return None
    images = [manifest for manifest in manifests if manifest.get("Kind") == "image"]
    told = [(manifest, (manifest.get("ImageData") or {}).get("Platform") or {}) for manifest in images]
    return {f"{each.get('os')}/{each.get('architecture')}": bool(one.get("Available")) for one, each in told}


def has_another(held: Held, published: Published) -> bool:
    """Whether the variant for `AWS` is there as well, and is the one to judge.

    Raises:
        ImageError: what is there is another platform's, and is not or may not be all that the image has.
    """
    if held.shown == AWS:
        return False
    hint = f"`docker pull --platform {AWS} {held.reference}` gets it; what is built here needs `--platform {AWS}`"
    if held.variants is not None:
        if held.variants.get(AWS) is False:
            raise ImageError(
                f"--image: {held.reference!r} is here for {held.shown}, but not for {AWS}, which AWS runs", hint=hint
            )
        return AWS in held.variants
    for name in held.names:
        platforms = published(name)
        if platforms is None:
            raise ImageError(
                f"--image: {held.reference!r} is here for {held.shown}, and whether it is for {AWS}, too, is not known",
                hint=hint,
            )
        if AWS in platforms:
            raise ImageError(
                f"--image: {held.reference!r} is here for {held.shown}, but its registry has it for {AWS}, too",
                hint=hint,
            )
    # Built or loaded here, or published for nothing else: a push would push this.
    return False


def is_lacking(said: str) -> bool:
    """Whether a registry has an image, but not for the platform that was asked for."""
    return LACKING.search(said) is not None


def to_create(image: Image, *, foreign: bool) -> str | None:
    """The platform that a container is created for on an engine of another one; None leaves it to the engine.

    An image for a later processor, such as linux/amd64/v3, is none for linux/amd64.
    """
    if not foreign or image.platform != AWS:
        return None
    return f"{AWS}/{image.variant}" if image.variant else AWS
