"""Where the Docker Engine is, found as the `docker` command finds it.

DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH; else the context of DOCKER_CONTEXT; else `currentContext` in
`~/.docker/config.json`, which `docker context use` sets (Docker CLI reference, `docker context`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from docker import ContextAPI
from docker.errors import DockerException
from docker.utils import kwargs_from_env

from conformance.errors import EngineError

DEFAULT_URL = "unix:///var/run/docker.sock"


@dataclass(frozen=True)
class Address:
    """An engine's address; `source` says what it is from, and `remedy` how to choose another one.

    Both are empty for the default. `arguments` are those of `docker.APIClient`, among them keys and certificates.
    """

    url: str = DEFAULT_URL
    source: str = ""
    remedy: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)


def find() -> Address:
    """The address that the environment names.

    Raises:
        EngineError: a certificate or a context does not exist, or cannot be read.
    """
    try:
        given = kwargs_from_env()
    except DockerException as error:
        raise EngineError(
            f"expected the files cert.pem, key.pem and ca.pem in DOCKER_CERT_PATH: {_first_sentence(error)}",
            hint="unset DOCKER_CERT_PATH and DOCKER_TLS_VERIFY if the engine needs no certificate",
        ) from error
    if "base_url" in given:
        # With DOCKER_HOST the `docker` command knows no context.
        return Address(str(given["base_url"]), "DOCKER_HOST", "unset DOCKER_HOST", given)
    name = os.environ.get("DOCKER_CONTEXT", "")
    shown = f"Docker context {name!r}" if name else "the current Docker context"
    try:
        context = ContextAPI.get_context(name or None)
    except Exception as error:  # docker-py raises whatever it meets in a damaged file
        raise EngineError(f"{shown} cannot be read: {error}", hint="`docker context ls` lists all") from error
    if context is None:
        raise EngineError(f"{shown} not found", hint="`docker context ls` lists all")
    if context.Name == "default":
        return Address(arguments=given)
    secured = {} if context.TLSConfig is None else {"tls": context.TLSConfig}
    arguments = {"base_url": context.Host, **secured}
    return Address(str(context.Host), f"Docker context {context.Name!r}", "choose another context", arguments)


def _first_sentence(error: Exception) -> str:
    return str(error).partition(". ")[0]
