"""What a report says of the session itself: when, where and how it ran, and on which requests and inputs."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from conformance.job import digest
from conformance.session.options import Options

PACKAGES = ("pytest", "docker", "botocore")
"""What has a part in a verdict besides the engine, whose version stands elsewhere."""


def _now() -> str:
    """The date and time in UTC, as RFC 3339 writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Circumstances:
    """Kept from the beginning of a session, when its request files are read."""

    options: Options
    began: str = field(default_factory=_now)
    requests: tuple[tuple[str, str, str], ...] = ()

    @classmethod
    def of(cls, options: Options) -> Circumstances:
        """Those of a session that begins now; raises OSError where a request file cannot be read."""
        files = ((request.name, request.source) for request in options.requests if request.has_file)
        return cls(options, requests=tuple((name, file, digest.of_file(Path(file))) for name, file in files))

    def with_job(self, options: Options, requests: Iterable[tuple[str, str, str]]) -> Circumstances:
        """The same once it is known what job the image brings: its name, where it is from, and its digest."""
        return replace(self, options=options, requests=(*self.requests, *requests))

    def described(self) -> dict[str, Any]:
        """As plain data, for a session that ends now; raises OSError where an input cannot be read."""
        inputs = digest.of_inputs(self.options.requests, self.options.objects)
        packages = {name: version(name) for name in PACKAGES}
        return {
            "session": {
                "began": self.began,
                "ended": _now(),
                "host": platform.node(),
                "versions": {"python": platform.python_version(), **packages},
                "options": options_record(self.options),
            },
            "requests": [{"name": name, "file": file, "sha256": sha256} for name, file, sha256 in self.requests],
            "inputs": inputs and {"sha256": inputs.sha256, "objects": inputs.objects, "bytes": inputs.size},
        }


def options_record(options: Options) -> dict[str, Any]:
    """The options as they were understood, paths absolute; the requests are told of apart."""
    told = {each.name: getattr(options, each.name) for each in fields(options)}
    objects, report, profile = told.pop("objects"), told.pop("report"), told.pop("profile")
    waivers, on_aws = told.pop("waivers"), told.pop("on_aws")
    del told["requests"], told["product"]
    dockerfile = told.pop("dockerfile")
    if on_aws is not None:
        told |= {"service": "aws", "bucket": str(on_aws.root), "role": on_aws.role, "yes": on_aws.yes}
    return {
        **told,
        "dockerfile": dockerfile and dockerfile.path,
        "s3": objects and str(objects.directory),
        "report": str(report),
        "profile": profile and profile.name,
        "waivers": waivers.source,
        "waivers_shared": waivers.is_shared,
    }
