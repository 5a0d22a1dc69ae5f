"""What a certificate's verdicts rest on: the image and the outcome of each run, as they were given to the checks."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from dataclasses import dataclass

from conformance.certificate import encoding
from conformance.image.image import Image
from conformance.job.gpu import Choice
from conformance.job.variation import Variation
from conformance.judging.replay import Made, Repeated
from conformance.outcome.outcome import Outcome

NAME = "outcomes.json.gz"

FORMAT = 1
"""The version of this form."""

MOST_BYTES = 64 << 20
"""How long its JSON may be."""


@dataclass(frozen=True)
class Run:
    """A run, and which one of a session it was; with an `attempt` above 0 it was repeated alone to confirm a finding.

    `traced` says whether it was repeated with the tracer.
    """

    variation: Variation
    job: str
    outcome: Outcome
    attempt: int = 0
    traced: bool = True

    @property
    def key(self) -> Made | Repeated:
        """What names it; see `conformance.judging.replay`."""
        made = self.variation, self.job
        return (*made, self.traced, self.attempt) if self.attempt else made


@dataclass(frozen=True)
class Evidence:
    """All runs of a session with these options; the requests are files of their own."""

    image: Image
    gpu: Choice
    strict: bool
    aws: bool
    runs: tuple[Run, ...]
    format: int


def pack(evidence: Evidence) -> bytes:
    """The file that holds it; the same for the same evidence."""
    return gzip.compress(_written(evidence), compresslevel=6, mtime=0)


def unpack(content: bytes) -> Evidence:
    """The evidence in a file; raises ValueError where it holds none."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise ValueError(f"not a whole gzip file: {error}") from error
    if len(text) > MOST_BYTES:
        raise ValueError(f"more than {MOST_BYTES >> 20} MiB of JSON")
    data = encoding.strict_json(text.decode("ascii"))
    version = data.get("format") if isinstance(data, dict) else None
    if version != FORMAT or isinstance(version, bool):
        raise ValueError(f"expected outcomes of format {FORMAT}, got {version!r}")
    found: Evidence = encoding.decode(data, Evidence)
    if _written(found) != text:
        raise ValueError("expected outcomes as the suite writes them, without anything else")
    return found


def _written(evidence: Evidence) -> bytes:
    return json.dumps(encoding.encode(evidence), ensure_ascii=True, separators=(",", ":")).encode("ascii")
