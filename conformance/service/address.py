"""Where the Docker Engine is, found as the `docker` command finds it.

DOCKER_HOST, with DOCKER_TLS_VERIFY and DOCKER_CERT_PATH; else the context of DOCKER_CONTEXT; else `currentContext` in
`~/.docker/config.json`, which `docker context use` sets (Docker CLI reference, `docker context`).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docker.errors import DockerException
from docker.tls import TLSConfig
from docker.utils import kwargs_from_env

from conformance.errors import EngineError

DEFAULT_URL = "unix:///var/run/docker.sock"

PARTS = ("ca.pem", "cert.pem", "key.pem")
"""The files of an engine's CA and of the user's own certificate and key."""

CURRENT = "the current Docker context"


@dataclass(frozen=True)
class Address:
    """An engine's address; `source` says what it is from, and `remedy` how to choose another one.

    Both are empty for the default. `arguments` are those of `docker.APIClient`, among them keys and certificates;
    `certificates` says where these are from.
    """

    url: str = DEFAULT_URL
    source: str = ""
    remedy: str = ""
    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    certificates: str = "certificates in DOCKER_CERT_PATH"


def find() -> Address:
    """The address that the environment names.

    Raises:
        EngineError: a certificate or a context does not exist, or cannot be read.
    """
    try:
        given = kwargs_from_env()
    except DockerException as error:
        raise EngineError(
            f"expected the files {', '.join(PARTS)} in DOCKER_CERT_PATH: {_lack(error)}",
            hint="unset DOCKER_CERT_PATH and DOCKER_TLS_VERIFY if the engine needs no certificate",
        ) from error
    if "base_url" in given:
        # With DOCKER_HOST the `docker` command knows no context.
        return Address(str(given["base_url"]), "DOCKER_HOST", "unset DOCKER_HOST", given)
    try:
        name = os.environ.get("DOCKER_CONTEXT") or _current()
        return Address(arguments=given) if name == "default" else _of_context(name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, DockerException) as error:
        shown = f"Docker context {os.environ['DOCKER_CONTEXT']!r}" if os.environ.get("DOCKER_CONTEXT") else CURRENT
        if isinstance(error, FileNotFoundError):
            raise EngineError(f"{shown} not found", hint="`docker context ls` lists all") from error
        raise EngineError(f"{shown} cannot be read: {error!r}", hint="`docker context ls` lists all") from error


def _directory() -> Path:
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _current() -> str:
    """The context of `docker context use`."""
    try:
        content = json.loads((_directory() / "config.json").read_bytes())
    except FileNotFoundError:
        return "default"
    return str(content.get("currentContext") or "default")


def _of_context(name: str) -> Address:
    """A context as the `docker` command stores it: what it is by the digest of its name, its certificates beside that.

    docker-py looks for contexts beside `config.json`, and finds none where there is no such file.
    """
    digest = hashlib.sha256(name.encode()).hexdigest()
    endpoint = json.loads((_directory() / "contexts/meta" / digest / "meta.json").read_bytes())["Endpoints"]["docker"]
    url, is_trusted = str(endpoint["Host"]), bool(endpoint.get("SkipTLSVerify"))
    keys = _directory() / "contexts/tls" / digest / "docker"
    found = {part: str(keys / part) for part in PARTS if (keys / part).is_file()}
    arguments: dict[str, Any] = {"base_url": url}
    if found or (is_trusted and url.startswith("tcp://")):
        own = (found["cert.pem"], found["key.pem"]) if {"cert.pem", "key.pem"} <= found.keys() else None
        arguments["tls"] = TLSConfig(client_cert=own, ca_cert=found.get("ca.pem"), verify=not is_trusted)
    shown = f"Docker context {name!r}"
    return Address(url, shown, "choose another context", arguments, f"certificates of {shown}")


def _lack(error: DockerException) -> str:
    """What is missing there, which docker-py does not name."""
    place = Path(os.environ.get("DOCKER_CERT_PATH") or Path.home() / ".docker")
    lacking = [part for part in PARTS if not (place / part).is_file()]
    return f"{place} has no {' and no '.join(lacking)}" if lacking else str(error)
