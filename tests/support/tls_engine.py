"""The real engine behind TLS: a port of this machine that asks for a certificate, and the files that have one."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.support.engine_proxy import engine_socket

HERE = "127.0.0.1"


def write_certificates(directory: Path) -> None:
    """Write a CA, and what it has certified for both an engine on this machine and its user."""
    directory.mkdir()
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    files = {
        "ca.pem": _certificate("ca", authority.public_key(), authority, is_authority=True),
        "cert.pem": _certificate("engine", key.public_key(), authority, is_authority=False),
        "key.pem": key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
    }
    for name, content in files.items():
        (directory / name).write_bytes(content)


def _certificate(
    name: str, key: ec.EllipticCurvePublicKey, authority: ec.EllipticCurvePrivateKey, *, is_authority: bool
) -> bytes:
    named, issuer = (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, each)]) for each in (name, "ca"))
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder(issuer, named, key, x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HERE))]), critical=False)
        .sign(authority, hashes.SHA256())
    )
    return made.public_bytes(serialization.Encoding.PEM)


@contextmanager
def tls_engine(certificates: Path) -> Iterator[str]:
    """Serve the engine to whoever has these certificates; yields the address for DOCKER_HOST."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates / "ca.pem"))
    context.load_cert_chain(certificates / "cert.pem", certificates / "key.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server((HERE, 0)) as listener:
        threading.Thread(target=_accept, args=(listener, context, engine_socket()), daemon=True).start()
        yield f"tcp://{HERE}:{listener.getsockname()[1]}"


def _accept(listener: socket.socket, context: ssl.SSLContext, place: str) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, context, place), daemon=True).start()


def _serve(connection: socket.socket, context: ssl.SSLContext, place: str) -> None:
    try:
        with context.wrap_socket(connection, server_side=True) as secured, socket.socket(socket.AF_UNIX) as engine:
            engine.connect(place)
            # Each way by itself: the engine sends what a container says whenever it says something.
            answering = threading.Thread(target=_pass_on, args=(engine, secured), daemon=True)
            answering.start()
            _pass_on(secured, engine)
            answering.join()
    except OSError:
        return


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes until its end, and that too."""
    with suppress(OSError):
        while piece := source.recv(1 << 16):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
