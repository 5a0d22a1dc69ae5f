"""Objects that several hosts or outputs upload, of which one overwrites the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from conformance.job.objects import S3Uri
from conformance.outcome.outcome import Upload
from conformance.rule.evidence import some_of


def meet(one: S3Uri, other: S3Uri) -> bool:
    """Whether an object may belong to both prefixes."""
    first, second = f"{one}".rstrip("/") + "/", f"{other}".rstrip("/") + "/"
    return first.startswith(second) or second.startswith(first)


def lost(uploads: Iterable[Upload], source: Callable[[Upload], str], expected: str) -> Iterator[str]:
    """The first of the objects that several sources uploaded with different content, and how many there are."""
    by_uri: dict[str, dict[str, str]] = {}
    for upload in uploads:
        by_uri.setdefault(upload.uri, {})[source(upload)] = upload.digest
    lost = {uri: digests for uri, digests in by_uri.items() if len(set(digests.values())) > 1}
    if lost:
        uri, digests = next(iter(lost.items()))
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        yield f"Expected {expected}, but {uri}{more} was uploaded with different content by {some_of(list(digests))}."
