"""What the containers of a job asked of AWS, where an AWS of the suite's own was there for them.

This module is pure: `Calls.parse` takes the bytes that `conformance/aws/job.py` wrote down.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

CREDENTIALS = "credentials"
"""What stands for the service where a container fetched the credentials of its role."""

WRITES = frozenset({"PutObject", "CopyObject", "CompleteMultipartUpload"})
"""The operations of S3 after which there is an object (Amazon S3 API reference)."""


class Signer(StrEnum):
    """Whose credentials signed a call."""

    ROLE = "the job's role"
    OTHER = "other credentials"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Call:
    """One call: by which host, how many seconds after the first host could begin, and what came of it.

    `service` is the name in the signature's scope, as `s3`; `resource` is what it was about, as `s3://bucket/key`, and
    empty where that cannot be told. `access_key` is empty unless `signer` is another than the role; `region` is that of
    the signature. `status` is the HTTP status, `sent` and `received` are bytes of the two bodies, as the container sees
    it. `throttled` says that the suite turned it away, to see what the program makes of that.
    """

    host: str
    at: float
    service: str
    operation: str
    resource: str
    signer: Signer
    access_key: str
    region: str
    status: int
    sent: int
    received: int
    throttled: bool = False

    @property
    def succeeded(self) -> bool:
        """Whether it was answered with what it asked for."""
        return self.status < 400  # noqa: PLR2004 - RFC 9110, section 15

    @property
    def written(self) -> str:
        """The URI of the object that it put into S3; empty where it put none."""
        return self.resource if self.service == "s3" and self.operation in WRITES and self.succeeded else ""

    def __str__(self) -> str:
        """As reports name it."""
        return f"{self.service}:{self.operation} {self.resource}".rstrip()


@dataclass(frozen=True)
class Calls:
    """All of them in the order in which they were answered, and how many more there were than are kept.

    `refused` says what the suite's AWS could not do: what moto lacks, and limits of the suite's own. `reached` are the
    hosts that could reach it, and `region` is the job's. `began` is when it was there, on this machine's clock that
    never jumps.
    """

    calls: tuple[Call, ...] = ()
    more: int = 0
    refused: tuple[str, ...] = ()
    reached: frozenset[str] = frozenset()
    region: str = ""
    began: float | None = None

    @classmethod
    def parse(cls, content: bytes) -> Calls:
        """Read what was written down, line by line; the last line may be cut."""
        lines = list(_lines(content))
        return cls(
            tuple(_call(line["call"]) for line in lines if "call" in line),
            sum(1 for line in lines if "more" in line),
            tuple(dict.fromkeys(line["refused"] for line in lines if "refused" in line)),
            frozenset(line["reached"] for line in lines if "reached" in line),
            next((line["region"] for line in lines if "region" in line), ""),
            next((line["began"] for line in lines if "began" in line), None),
        )

    @property
    def of_aws(self) -> tuple[Call, ...]:
        """Those of a service; fetching credentials is none."""
        return tuple(call for call in self.calls if call.service != CREDENTIALS)


def _lines(content: bytes) -> Iterator[dict[str, Any]]:
    for line in content.splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return


def _call(members: dict[str, Any]) -> Call:
    return Call(**members | {"signer": Signer(members["signer"])})
