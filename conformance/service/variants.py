"""The variants of an image for several platforms: what the engine and the image's registry say of them."""

from __future__ import annotations

from functools import partial
from typing import Any
from urllib.parse import quote

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from conformance.errors import ImageError
from conformance.service import platforms
from conformance.service.engine import Engine


def of_aws(engine: Engine, reference: str, facts: dict[str, Any]) -> dict[str, Any]:
    """What an engine says of the variant of an image for AWS; of what it shows, `facts`, where there is no other one.

    Raises:
        ImageError: there is another one, or may be, but it is not here.
    """
    shown, client = platforms.of_facts(facts), engine.client
    if shown == platforms.AWS:
        return facts
    more = _inspected(client, reference, manifests="1") if engine.lists_variants else {}
    names = engine.dialect.published(facts.get("RepoDigests") or ())
    held = platforms.Held(reference, shown, platforms.variants(more), names)
    if platforms.has_another(held, partial(_published, client)):
        return _inspected(client, reference, platform=platforms.AWS_IN_JSON)
    return facts


def _inspected(client: docker.APIClient, reference: str, **asked: str) -> dict[str, Any]:
    """What `docker image inspect` says if it is asked for more than docker-py asks for."""
    url = f"{client.base_url}/v{client.api_version}/images/{quote(reference, safe='/:@')}/json"
    try:
        answer = client.get(url, params=asked, timeout=client.timeout)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
    except RequestException as error:
        raise ImageError(f"--image: the engine does not tell the platforms of {reference!r}: {error}") from error
    return found


def _published(client: docker.APIClient, name: str) -> frozenset[str] | None:
    """The platforms of an image by its name and digest in its registry; None where that does not answer."""
    try:
        told = client.inspect_distribution(name)
    except (DockerException, RequestException):
        return None
    found = (f"{each.get('os')}/{each.get('architecture')}" for each in told.get("Platforms") or ())
    return frozenset(found) or None
