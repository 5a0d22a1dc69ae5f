"""Which of moto's services answers a request."""

from __future__ import annotations

from werkzeug.test import Client

from conformance.aws.application import Application
from conformance.aws.credentials import NOBODYS_KEY, signed

SIGNED = signed(NOBODYS_KEY, "us-east-1", "s3")


def test_s3_has_whatever_key_is_put() -> None:
    """A bucket and a key which look like the path of instance metadata are none."""
    client = Client(Application())
    client.put("/latest", headers=SIGNED)
    client.put("/latest/meta-data/rows", headers=SIGNED, data=b"content")

    assert b"content" == client.get("/latest/meta-data/rows", headers=SIGNED).get_data()


def test_s3_control_is_not_s3() -> None:
    """Its requests are signed for S3 as well, and their paths begin as no bucket does."""
    headers = {**SIGNED, "x-amz-account-id": "123456789012"}
    answer = Client(Application()).get("/v20180820/configuration/publicAccessBlock", headers=headers)

    assert "NoSuchPublicAccessBlockConfiguration" in answer.get_data(as_text=True)
