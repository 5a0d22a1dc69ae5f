"""What a request to AWS asks for, by its signature, its headers and the API models of botocore.

How a service and an operation are found in a request is documented by Smithy (AWS protocols) and by "Signing AWS API
requests": the credential scope of Signature Version 4 names region and service.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote

import botocore.session
from botocore.exceptions import UnknownServiceError
from botocore.model import OperationModel, ServiceModel

READ_BYTES = 64 << 10
"""How much of a body is read to find out what it asks for; no request that names its operation there is as long."""

LONGEST_NAME = 200
"""How many characters of the name of a resource are kept."""

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/(?:([^/,\s]+)/)?([^/,\s]+)/aws4_request")
_NAMING = ("Name", "Arn", "ARN", "Id", "Url")
"""How members end that name a resource; what else is a string may be content, which is nobody's affair."""

_VERSION_2 = re.compile(r"AWS ([^:\s]+):")

FORM = "x-www-form-urlencoded"
JSON, XML = "application/x-amz-json-1.1", "text/xml"


@dataclass(frozen=True)
class AwsRequest:
    """What was asked of which service, on which resource, and with which key it was signed.

    `service` is the name in the credential scope (`s3`, `ssm`), `operation` that of the API model, or method and path
    where no model has it. `access_key` and `region` are empty where the request is not signed.
    """

    service: str
    operation: str
    resource: str = ""
    access_key: str = ""
    region: str = ""

    @property
    def answers_in_json(self) -> bool:
        """Whether its service's protocol is one of JSON; the others are of XML."""
        model = _model(self.service)
        return model is not None and "json" in model.metadata.get("protocol", "")


def read(environ: dict[str, Any]) -> AwsRequest:
    """Read what a WSGI request asks for; what is read of its body is put back."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    access_key, region, service = _signed(environ.get("HTTP_AUTHORIZATION", ""), query)
    target = environ.get("HTTP_X_AMZ_TARGET", "")
    kind = environ.get("CONTENT_TYPE", "") or ""
    if target:
        service = service or _service_of_target(target)
        operation = target.rpartition(".")[2]
        resource = _named(_operation(service, operation), _json(_begun(environ)))
    elif (FORM in kind and environ["REQUEST_METHOD"] == "POST") or "Action" in query:
        form = query if "Action" in query else parse_qs(_begun(environ).decode("utf-8", "replace"))
        operation = form.get("Action", [""])[0]
        resource = _named(_operation(service, operation), {name: values[0] for name, values in form.items()})
    elif (rpc := re.fullmatch(r"/service/[^/]+/operation/(\w+)", environ.get("PATH_INFO", ""))) is not None:
        operation, resource = rpc[1], ""
    else:
        # What is not signed and of no other form can only be meant for S3, where anonymous access exists.
        service = service or "s3"
        operation, resource = _of_path(service, environ, query)
    return AwsRequest(service, operation[:LONGEST_NAME], resource[:LONGEST_NAME], access_key, region)


def _signed(authorization: str, query: Mapping[str, list[str]]) -> tuple[str, str, str]:
    """Access key, region and service of the signature; Signature Version 2 names no region, and is S3's here."""
    presigned = query.get("X-Amz-Credential", [""])[0]
    found = _CREDENTIAL.search(authorization) or _CREDENTIAL.search(f"Credential={presigned}")
    if found is not None:
        return found[1], found[2] or "", found[3].lower()
    old = _VERSION_2.match(authorization)
    access_key = old[1] if old else query.get("AWSAccessKeyId", [""])[0]
    return access_key, "", "s3" if access_key else ""


def _begun(environ: dict[str, Any]) -> bytes:
    """The body, or what comes first of it where it is long; a body that nobody may read again stays as it is."""
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdigit() or int(length) > READ_BYTES:
        return b""
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return body


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _named(operation: OperationModel | None, members: Mapping[str, Any]) -> str:
    """The resource: the first member that is a name of something, of the required ones where they have any."""
    if operation is None or operation.input_shape is None:
        return ""
    order = [*operation.input_shape.required_members, *operation.input_shape.members]
    given = (members[name] for name in order if name.endswith(_NAMING) and isinstance(members.get(name), str))
    return next(given, "")


def _of_path(service: str, environ: Mapping[str, Any], query: Mapping[str, list[str]]) -> tuple[str, str]:
    """Operation and resource of a REST request: of all operations that fit, the one that asks for most."""
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    # A body is decoded as Latin-1 by WSGI (PEP 3333), and a key is UTF-8.
    decoded = path.encode("latin-1", "replace").decode("utf-8", "replace")
    fitting = [(route.fits(method, decoded, environ, query), route) for route in _routes(service)]
    # Of two with one form, as ListBuckets and ListDirectoryBuckets, the usual one has the shorter name.
    best = max(((fit, -len(route.operation), route.operation) for fit, route in fitting if fit >= 0), default=None)
    operation = best[2] if best else f"{method} {decoded}"
    if service != "s3":
        return operation, decoded
    bucket, _, key = decoded.lstrip("/").partition("/")
    prefix = query.get("prefix", [""])[0] if not key else ""
    return operation, f"s3://{bucket}/{key or prefix}" if bucket else ""


@dataclass(frozen=True)
class _Route:
    """How the requests of an operation look: method and path, and what must be there in query and headers."""

    operation: str
    method: str
    path: re.Pattern[str]
    literals: Mapping[str, list[str]]
    required: frozenset[str]
    headers: frozenset[str]

    def fits(self, method: str, path: str, environ: Mapping[str, Any], query: Mapping[str, list[str]]) -> int:
        """How much of it the request has; below 0 where it lacks something."""
        if method != self.method or self.path.fullmatch(path) is None:
            return -1
        if any(name not in query or (value != [""] and query[name] != value) for name, value in self.literals.items()):
            return -1
        if not self.required <= query.keys() or any(_variable(name) not in environ for name in self.headers):
            return -1
        return len(self.literals) + len(self.required) + len(self.headers)


def _variable(header: str) -> str:
    return f"HTTP_{header.upper().replace('-', '_')}"


@cache
def _routes(service: str) -> tuple[_Route, ...]:
    model = _model(service)
    if model is None:
        return ()
    return tuple(_route(model.operation_model(name)) for name in model.operation_names)


def _route(operation: OperationModel) -> _Route:
    path, _, literals = operation.http["requestUri"].partition("?")
    pieces = re.split(r"\{(\w+\+?)\}", path)
    pattern = "".join(
        re.escape(piece) if number % 2 == 0 else ".+" if piece.endswith("+") else "[^/]+"
        for number, piece in enumerate(pieces)
    )
    shape = operation.input_shape
    required = [] if shape is None else [shape.members[name].serialization for name in shape.required_members]
    named = {
        place: frozenset(member["name"] for member in required if member.get("location") == place)
        for place in ("querystring", "header")
    }
    return _Route(
        operation.name,
        operation.http["method"],
        # A client may leave the slash after a bucket, or add it.
        re.compile(pattern + ("" if pattern.endswith("/") else "/?"), re.DOTALL),
        parse_qs(literals, keep_blank_values=True),
        named["querystring"],
        named["header"],
    )


def _operation(service: str, name: str) -> OperationModel | None:
    model = _model(service)
    return model.operation_model(name) if model is not None and name in model.operation_names else None


@cache
def _model(service: str) -> ServiceModel | None:
    """The API model of a service by the name with which its requests are signed; few have another one."""
    try:
        model: ServiceModel = botocore.session.get_session().get_service_model(_OTHER_NAMES.get(service, service))
    except (UnknownServiceError, ValueError):
        return None
    return model


_OTHER_NAMES = {"monitoring": "cloudwatch", "states": "stepfunctions", "elasticmapreduce": "emr"}
"""Services whose API model has another name than their signatures."""


@cache
def _service_of_target(target: str) -> str:
    """The service of a request that is not signed, by its `X-Amz-Target`; empty where none has that prefix."""
    prefix = unquote(target).partition(".")[0]
    known = {"AmazonSSM": "ssm", "secretsmanager": "secretsmanager", "Logs_20140328": "logs", "SageMaker": "sagemaker"}
    return known.get(prefix, "")
