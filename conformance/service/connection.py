"""A connection to an engine, with its own certificates and what the environment says of proxies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import docker
import requests
from docker.constants import DEFAULT_DOCKER_API_VERSION
from requests.exceptions import ChunkedEncodingError

from conformance.service.address import Address

WITHOUT_BODY = frozenset({101, 204, 304})

TELLING_THE_END = frozenset({"content-length", "transfer-encoding", "connection"})
"""The headers by which an answer tells where it ends, be it with the connection."""


def connect(place: Address, *, timeout_seconds: int) -> tuple[docker.APIClient, Mapping[str, Any]]:
    """A connection in the newest version of the API that the engine has, and the surroundings of all further ones.

    docker-py would ask for the version by itself, but before it can be told which certificates count.
    """
    first = docker.APIClient(version=DEFAULT_DOCKER_API_VERSION, timeout=timeout_seconds, **place.arguments)
    found = surroundings(first)
    place_in(first, found)
    version = str(first.version(api_version=False)["ApiVersion"])
    first.close()
    client = docker.APIClient(version=version, timeout=timeout_seconds, **place.arguments)
    place_in(client, found)
    return client, found


def surroundings(client: docker.APIClient) -> Mapping[str, Any]:
    """What the environment says of proxies and certificates, as attributes of a connection that does not read it.

    REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE are for an engine without a CA of its own: requests would prefer them, and the
    `docker` command does not know them.
    """
    found = client.merge_environment_settings(client.base_url, {}, None, None, None)
    verify = found["verify"] if client.verify is True else client.verify
    return {"trust_env": False, "proxies": found["proxies"], "verify": verify, "cert": client.cert}


def place_in(client: docker.APIClient, found: Mapping[str, Any]) -> None:
    """Give a connection its surroundings, and let no answer be taken for whole that breaks off within its head."""
    for name, value in found.items():
        setattr(client, name, value)
    client.hooks["response"].append(_need_whole_head)


def _need_whole_head(answer: requests.Response, **_: object) -> None:
    """Raise an error of requests' where nothing tells the end of an answer: Python takes half of a head for a head.

    Then its body ends with the connection, whatever is missing. Engines say how long it is, or that it comes in chunks.
    """
    is_without = answer.request.method == "HEAD" or answer.status_code in WITHOUT_BODY
    # A stream that is attached has no end, and is asked for by these words.
    is_attached = "Upgrade" in answer.request.headers
    if not (is_without or is_attached or TELLING_THE_END & {name.lower() for name in answer.headers}):
        raise ChunkedEncodingError("the head of the engine's answer breaks off")
