"""What clients send to the hosts of AWS itself, by the server as their proxy: it ends here.

The SageMaker Python SDK asks the regional host of STS, whatever the variables say, and would send credentials there.
With `HTTPS_PROXY` it asks this server for a tunnel (RFC 9110, CONNECT), which ends here, in TLS by an authority that is
made at start and known by `AWS_CA_BUNDLE`. Its key is nowhere but in memory. Nothing is passed on to any host.
"""

from __future__ import annotations

import functools
import re
import ssl
import threading
from typing import Any

import trustme

from conformance.aws import serving
from conformance.serve.folder import Folder

API_HOST = re.compile(r"(?!sm-pysdk-t-)([a-z0-9-]+\.)+(amazonaws\.com|amazonaws\.com\.cn|api\.aws)")
"""Hosts of AWS's APIs, but for the bucket to which the SDK reports its use."""

HTTPS = "443"

MOST_HOSTS = 256
"""Of so many a certificate is kept; another one is made when it is needed again."""

HOST = "conformance.host"
"""Which host a request in a tunnel is for, in the environment of a WSGI application."""


class Authority:
    """Makes a certificate for each host; whoever is to trust it needs `bundle`, a file that is there until `close`."""

    def __init__(self) -> None:
        """Make it."""
        self._made = trustme.CA(organization_name="processing-conformance serve")
        self._folder = Folder()
        self._lock = threading.Lock()
        self.bundle = self._folder.path / "authority.pem"
        self._made.cert_pem.write_to_path(self.bundle)
        self._cached = functools.lru_cache(MOST_HOSTS)(self._context)

    def context(self, host: str) -> ssl.SSLContext:
        """What a server needs to be this host."""
        with self._lock:
            return self._cached(host)

    def close(self) -> None:
        """Remove the file."""
        self._folder.close()

    def _context(self, host: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._made.issue_cert(host).configure_cert(context)
        return context


class Handler(serving.Handler):
    """Small answers do not wait for one another, and a tunnel to a host of AWS ends here; made by `of`."""

    disable_nagle_algorithm = True
    authority: Authority

    _host = ""

    @classmethod
    def of(cls, authority: Authority) -> type[Handler]:
        """The handler of a server with this authority."""
        return type(cls.__name__, (cls,), {"authority": authority})

    def do_CONNECT(self) -> None:  # noqa: N802 - named after the method
        """Be the host that is asked for; one that is none of AWS's is refused."""
        host, _, port = self.path.lower().rpartition(":")
        if self._host or port != HTTPS or not API_HOST.fullmatch(host):
            self.send_error(403, "Not a host of an AWS API; nothing is passed on")
            self.close_connection = True
            return
        self.connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            # A client that does not know the authority ends it here.
            self.request = self.authority.context(host).wrap_socket(self.connection, server_side=True)
        except OSError:
            self.close_connection = True
            return
        self._host = host
        self.setup()
        self.close_connection = False

    def make_environ(self) -> dict[str, Any]:
        """Say for which host a request is."""
        environ: dict[str, Any] = super().make_environ()
        return environ | ({HOST: self._host, "wsgi.url_scheme": "https"} if self._host else {})

    def finish(self) -> None:
        """Close the tunnel: the server knows only the connection that it was made of."""
        super().finish()
        if self._host:
            self.request.close()
