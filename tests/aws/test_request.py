"""What a request to AWS asks for is read from requests as botocore signs and sends them."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import unquote, urlsplit

import boto3
import pytest
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest

from conformance.aws.request import READ_BYTES, AwsRequest, read

ENDPOINT = "http://127.0.0.1:1"
KEY = "AKIDEXAMPLE"
REGION = "eu-west-1"


class Sent(Exception):  # noqa: N818 - no error, but the end of a call whose request is all that is wanted
    """Raised in the place of sending a request."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        """Keep the request."""
        super().__init__()
        self.request = request


def environ_of(service: str, operation: str, **members: object) -> dict[str, Any]:
    """The WSGI environment of the request that a client sends."""
    client: Any = boto3.client(
        service,
        region_name=REGION,
        endpoint_url=ENDPOINT,
        aws_access_key_id=KEY,
        aws_secret_access_key="secret",
    )

    def stop(request: AWSPreparedRequest, **_: object) -> None:
        raise Sent(request)

    client.meta.events.register("before-send.*.*", stop)
    with pytest.raises(Sent) as sent:
        getattr(client, xform_name(operation))(**members)
    return _environ(sent.value.request)


def _environ(request: AWSPreparedRequest) -> dict[str, Any]:
    address = urlsplit(request.url)
    body: Any = request.body or b""
    read_body = body.read() if hasattr(body, "read") else body
    content = read_body.encode() if isinstance(read_body, str) else bytes(read_body)
    headers = {f"HTTP_{name.upper().replace('-', '_')}": _text(value) for name, value in request.headers.items()}
    return {
        **headers,
        "REQUEST_METHOD": request.method,
        "PATH_INFO": unquote(address.path).encode().decode("latin-1"),
        "QUERY_STRING": address.query,
        "CONTENT_TYPE": headers.get("HTTP_CONTENT_TYPE", ""),
        "CONTENT_LENGTH": str(len(content)),
        "wsgi.input": io.BytesIO(content),
    }


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


OBJECT = {"Bucket": "data", "Key": "a/ü b"}
PART = {**OBJECT, "UploadId": "u"}


@pytest.mark.parametrize(
    ("operation", "members", "resource"),
    [
        ("GetObject", OBJECT, "s3://data/a/ü b"),
        ("HeadObject", OBJECT, "s3://data/a/ü b"),
        ("PutObject", {**OBJECT, "Body": b"x"}, "s3://data/a/ü b"),
        ("CopyObject", {**OBJECT, "CopySource": "other/key"}, "s3://data/a/ü b"),
        ("GetObjectTagging", OBJECT, "s3://data/a/ü b"),
        ("CreateMultipartUpload", OBJECT, "s3://data/a/ü b"),
        ("UploadPart", {**PART, "PartNumber": 1, "Body": b"x"}, "s3://data/a/ü b"),
        ("UploadPartCopy", {**PART, "PartNumber": 1, "CopySource": "other/key"}, "s3://data/a/ü b"),
        ("CompleteMultipartUpload", PART, "s3://data/a/ü b"),
        ("AbortMultipartUpload", PART, "s3://data/a/ü b"),
        ("ListParts", PART, "s3://data/a/ü b"),
        ("ListObjectsV2", {"Bucket": "data", "Prefix": "a/"}, "s3://data/a/"),
        ("ListObjects", {"Bucket": "data"}, "s3://data/"),
        ("ListObjectVersions", {"Bucket": "data", "Prefix": "a"}, "s3://data/a"),
        ("DeleteObjects", {"Bucket": "data", "Delete": {"Objects": [{"Key": "k"}]}}, "s3://data/"),
        ("GetBucketLocation", {"Bucket": "data"}, "s3://data/"),
        ("HeadBucket", {"Bucket": "data"}, "s3://data/"),
        ("CreateBucket", {"Bucket": "data"}, "s3://data/"),
        ("ListBuckets", {}, ""),
    ],
)
def test_s3_by_method_path_and_query(operation: str, members: dict[str, Any], resource: str) -> None:
    """Each operation is told from those that have the same path, and names what it is about."""
    assert AwsRequest("s3", operation, resource, KEY, REGION) == read(environ_of("s3", operation, **members))


@pytest.mark.parametrize(
    ("service", "operation", "members", "signed_for", "resource"),
    [
        ("ssm", "GetParameter", {"Name": "/house/key"}, "ssm", "/house/key"),
        ("secretsmanager", "GetSecretValue", {"SecretId": "token"}, "secretsmanager", "token"),
        ("dynamodb", "GetItem", {"TableName": "t", "Key": {"id": {"S": "1"}}}, "dynamodb", "t"),
        ("sts", "GetCallerIdentity", {}, "sts", ""),
        ("iam", "GetRole", {"RoleName": "processing"}, "iam", "processing"),
        ("sqs", "SendMessage", {"QueueUrl": f"{ENDPOINT}/1/q", "MessageBody": "private"}, "sqs", f"{ENDPOINT}/1/q"),
        ("cloudwatch", "ListMetrics", {}, "monitoring", ""),
        ("lambda", "GetFunction", {"FunctionName": "f"}, "lambda", "/2015-03-31/functions/f"),
        ("athena", "StartQueryExecution", {"QueryString": "SELECT 1"}, "athena", ""),
    ],
)
def test_other_protocols(service: str, operation: str, members: dict[str, Any], signed_for: str, resource: str) -> None:
    """JSON, query, CBOR and REST name the operation each in its own way; content is no name of a resource."""
    assert AwsRequest(signed_for, operation, resource, KEY, REGION) == read(environ_of(service, operation, **members))


def test_the_body_can_be_read_again() -> None:
    """Whoever answers the request finds all of it."""
    environ = environ_of("ssm", "GetParameter", Name="/house/key")
    read(environ)

    assert b'{"Name": "/house/key"}' == environ["wsgi.input"].read()


def test_a_long_body_is_left_alone() -> None:
    """What names no operation is not held in memory, and its resource is unknown."""
    environ = environ_of("ssm", "PutParameter", Name="n", Value="v" * READ_BYTES)

    assert "" == read(environ).resource
    assert READ_BYTES < len(environ["wsgi.input"].read())


@pytest.mark.parametrize(
    ("headers", "query", "expected"),
    [
        ({}, "", AwsRequest("s3", "GetObject", "s3://data/key")),
        (
            {"HTTP_AUTHORIZATION": "AWS AKIDOLD:c2lnbmF0dXJl"},
            "",
            AwsRequest("s3", "GetObject", "s3://data/key", "AKIDOLD"),
        ),
        (
            {},
            "X-Amz-Credential=AKID%2F20261127%2Feu-north-1%2Fs3%2Faws4_request&X-Amz-Signature=0",
            AwsRequest("s3", "GetObject", "s3://data/key", "AKID", "eu-north-1"),
        ),
        (
            {"HTTP_AUTHORIZATION": "AWS4-ECDSA-P256-SHA256 Credential=AKID/20261127/s3/aws4_request, Signature=0"},
            "",
            AwsRequest("s3", "GetObject", "s3://data/key", "AKID"),
        ),
    ],
    ids=["anonymous", "version-2", "presigned", "version-4a"],
)
def test_other_signatures(headers: dict[str, str], query: str, expected: AwsRequest) -> None:
    """A request without a signature is S3's; older and newer signatures and those of a URL name their key."""
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/data/key", "QUERY_STRING": query, **headers}

    assert expected == read(environ)


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff", b""])
def test_a_body_of_another_kind_names_nothing(body: bytes) -> None:
    """No container makes the reading fail."""
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "HTTP_X_AMZ_TARGET": "AmazonSSM.GetParameter",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }

    assert AwsRequest("ssm", "GetParameter") == read(environ)


def test_what_no_model_knows_is_told_as_it_came() -> None:
    """Method and path stand for the operation, and are cut where they are very long."""
    environ = {"REQUEST_METHOD": "PATCH", "PATH_INFO": f"/{'x' * 5000}", "QUERY_STRING": ""}
    asked = read(environ)

    assert asked.operation.startswith("PATCH /x")
    assert len(asked.operation) == len(asked.resource) == 200
