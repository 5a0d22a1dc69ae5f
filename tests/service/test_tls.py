"""An engine behind TLS is reached with its own certificates, whatever the environment has for other servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.errors import EngineError
from conformance.service import engine
from tests.commands.test_run import run, script
from tests.support.tls_engine import tls_engine, write_certificates

pytestmark = pytest.mark.engine


@pytest.fixture(name="certificates")
def _certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Certificates of an engine, which DOCKER_HOST and the others name."""
    found = tmp_path / "certificates"
    write_certificates(found)
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.setenv("DOCKER_CERT_PATH", str(found))
    with tls_engine(found) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        yield found


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
@pytest.mark.parametrize("is_there", [True, False])
def test_the_engines_own_ca_counts(
    certificates: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    is_there: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    """A company's bundle knows nothing of an engine, and the `docker` command nothing of the bundle."""
    write_certificates(tmp_path / "company")
    monkeypatch.setenv(variable, str(tmp_path / "company/ca.pem") if is_there else "/nowhere")
    reached = engine.connect()

    assert str(certificates / "ca.pem") == reached.client.verify
    assert reached.client.info()["ServerVersion"] == reached.version


def test_a_certificate_of_another_ca_is_told(
    certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine runs, so that its user is sent to the certificates."""
    write_certificates(tmp_path / "other")
    (certificates / "ca.pem").write_bytes((tmp_path / "other/ca.pem").read_bytes())
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)

    with pytest.raises(EngineError, match=r"CERTIFICATE_VERIFY_FAILED.*check the certificates in DOCKER_CERT_PATH"):
        engine.connect()


def test_a_key_of_another_certificate_is_told(certificates: Path, tmp_path: Path) -> None:
    """As is every other fault of these files."""
    write_certificates(tmp_path / "other")
    (certificates / "key.pem").write_bytes((tmp_path / "other/key.pem").read_bytes())

    with pytest.raises(EngineError, match="check the certificates in DOCKER_CERT_PATH"):
        engine.connect()


@pytest.mark.parametrize(("code", "status"), [("print('said')", 0), ("import sys; print('said'); sys.exit(1)", 1)])
def test_a_job_is_heard(code: str, status: int, certificates: Path, tmp_path: Path, tag: Callable[[str], str]) -> None:
    """What its containers say comes through, and the end of the connection is none of its trouble."""
    tag("reference")

    ended, out, error = run(tmp_path, *script(tmp_path, code))

    assert certificates.is_dir()
    assert (status, "said\n") == (ended, out), error
