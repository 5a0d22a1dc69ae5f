"""The engine is looked for where the `docker` command looks for it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import docker
import pytest

from conformance.errors import EngineError
from conformance.service import address, engine
from conformance.service.address import Address


@pytest.fixture(name="home", autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory for the files of the `docker` command, and an environment that names no engine."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    return tmp_path


def context(home: Path, name: str, url: str, *, secured: bool = False) -> None:
    """A context as `docker context create` writes it."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = home / "contexts/meta" / digest / "meta.json"
    meta.parent.mkdir(parents=True)
    endpoint = {"Host": url, "SkipTLSVerify": False}
    meta.write_text(json.dumps({"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}), encoding="utf-8")
    if secured:
        keys = home / "contexts/tls" / digest / "docker"
        keys.mkdir(parents=True)
        for file in ("ca.pem", "cert.pem", "key.pem"):
            (keys / file).touch()


def test_without_anything_it_is_the_local_socket() -> None:
    """Which docker-py knows by itself."""
    assert Address() == address.find()


def test_the_current_context_is_used(home: Path) -> None:
    """The one of `docker context use`, as Docker Desktop, colima and rootless set it."""
    context(home, "colima", "unix:///home/me/.colima/docker.sock")
    (home / "config.json").write_text('{"currentContext": "colima"}', encoding="utf-8")

    found = address.find()

    assert ("unix:///home/me/.colima/docker.sock", "Docker context 'colima'") == (found.url, found.source)
    assert {"base_url": found.url} == found.arguments


def test_a_context_that_is_named_comes_before_the_current_one(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its keys and certificates."""
    context(home, "here", "unix:///here.sock")
    context(home, "there", "tcp://there:2376", secured=True)
    (home / "config.json").write_text('{"currentContext": "here"}', encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONTEXT", "there")

    found = address.find()

    assert "tcp://there:2376" == found.url
    assert found.arguments["tls"].ca_cert.startswith(str(home))


def test_docker_host_comes_before_any_context(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As for the `docker` command."""
    context(home, "there", "tcp://there:2376")
    monkeypatch.setenv("DOCKER_CONTEXT", "there")
    monkeypatch.setenv("DOCKER_HOST", "tcp://other:2375")

    assert ("tcp://other:2375", "DOCKER_HOST") == (address.find().url, address.find().source)


def test_the_default_context_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the local socket."""
    monkeypatch.setenv("DOCKER_CONTEXT", "default")

    assert Address() == address.find()


def test_a_context_needs_no_configuration_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`docker context create` writes none."""
    (home / "config.json").unlink()
    context(home, "there", "tcp://there:2375")
    monkeypatch.setenv("DOCKER_CONTEXT", "there")

    assert {"base_url": "tcp://there:2375"} == address.find().arguments

    monkeypatch.delenv("DOCKER_CONTEXT")

    assert Address() == address.find()


def test_a_context_may_have_a_ca_and_no_certificate_of_the_user(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the engine alone is verified."""
    context(home, "there", "tcp://there:2376", secured=True)
    for name in ("cert.pem", "key.pem"):
        next(home.rglob(name)).unlink()
    monkeypatch.setenv("DOCKER_CONTEXT", "there")
    tls = address.find().arguments["tls"]

    assert (None, True) == (tls.cert, tls.verify)
    assert tls.ca_cert.endswith("ca.pem")


def test_a_context_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """And never the local socket."""
    monkeypatch.setenv("DOCKER_CONTEXT", "none")

    with pytest.raises(EngineError, match=r"^Docker context 'none' not found \(`docker context ls` lists all\)$"):
        address.find()


def test_a_context_that_is_damaged_is_an_error(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, whatever docker-py makes of it."""
    context(home, "odd", "tcp://odd:2376")
    (meta,) = home.rglob("meta.json")
    meta.write_text("{}", encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONTEXT", "odd")

    with pytest.raises(EngineError, match=r"^Docker context 'odd' cannot be read: "):
        address.find()


def test_certificates_that_are_not_there_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line that names the variable."""
    monkeypatch.setenv("DOCKER_HOST", "tcp://there:2376")
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", "/nowhere")

    with pytest.raises(EngineError, match=r"in DOCKER_CERT_PATH: /nowhere has no ca.pem and no cert"):
        address.find()


def test_whatever_a_connection_by_ssh_raises_is_told_on_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its library, which may not be installed, has exceptions of its own, as for a server that is not known."""

    class SSHException(Exception):  # noqa: N818 - as paramiko names it
        pass

    def refuse(**arguments: object) -> None:
        raise SSHException(f"Server {arguments['base_url']!r} not found in known_hosts")

    monkeypatch.setenv("DOCKER_HOST", "ssh://box")
    monkeypatch.setattr(docker, "APIClient", refuse)

    with pytest.raises(EngineError) as caught:
        engine.connect()

    assert "cannot connect to the Docker Engine at ssh://box: Server 'ssh://box" in str(caught.value)
    assert "not found in known_hosts (the address is from DOCKER_HOST; `docker -H ssh://box" in str(caught.value)
