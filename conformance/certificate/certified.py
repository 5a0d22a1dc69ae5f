"""The files of a bundle, made of what a session has shown; all but its evidence follow from the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conformance.certificate import attestation, evidence, product
from conformance.certificate.encoding import strict_json
from conformance.certificate.evidence import Evidence
from conformance.certificate.product import Product
from conformance.certificate.rejudged import Rejudged, Stated, rejudged
from conformance.errors import UsageError
from conformance.job.jsonfile import request_in
from conformance.job.request import JobRequest
from conformance.job.validation import checked
from conformance.reports import junit, names, page

REQUESTS = "requests/"

ALWAYS = (product.NAME, names.REPORT, names.JUNIT, attestation.NAME, evidence.NAME)
"""Files of every bundle, beside its requests and digests."""


def request_file(job: str) -> str:
    """The name of the file of a request, by its ProcessingJobName."""
    return f"{REQUESTS}{job}.json"


def requests_in(files: Mapping[str, bytes]) -> dict[str, JobRequest]:
    """The requests of a bundle by the names of their files.

    Raises:
        RequestError: one is not valid.
        ValueError: one can be read in several ways.
    """
    found = {}
    for name, content in sorted(files.items()):
        if name.startswith(REQUESTS):
            found[name] = checked(request_in(content, name), name)
            strict_json(content.decode("utf-8"))
    return found


def files_of(wanted: Product, asked: Mapping[str, bytes], shown: Evidence, stated: Stated) -> dict[str, bytes]:
    """All files but the digests; `asked` are those of the requests."""
    by_name = {request.name: request for request in requests_in(asked).values()}
    found = rejudged(shown, tuple(by_name[job] for job in wanted.jobs), stated)
    files = {product.NAME: wanted.content, evidence.NAME: evidence.pack(shown), **asked, **dict(reports(found))}
    document = found.report.document
    files |= dict(rendered(document, needs_page=False))
    return {**files, attestation.NAME: attestation.render(wanted, document, files)}


def reports(found: Rejudged) -> Iterator[tuple[str, bytes]]:
    """What follows from the outcomes themselves: the report and the logs."""
    yield names.REPORT, as_bytes(found.report.document)
    yield from ((name, text.encode("utf-8", "backslashreplace")) for name, text in found.report.logs.items())


def rendered(document: Mapping[str, Any], *, needs_page: bool) -> Iterator[tuple[str, bytes]]:
    """What follows from the report.

    Raises:
        UsageError: `report.html` is needed, and Jinja is not installed.
    """
    yield names.JUNIT, junit.render(document).encode()
    try:
        yield names.HTML, page.render(document).encode()
    except UsageError:
        if needs_page:
            raise


def as_bytes(document: Mapping[str, Any]) -> bytes:
    """A report as its file has it."""
    return (json.dumps(document, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def job_records(wanted: Product, digests: Mapping[str, str]) -> Sequence[dict[str, str]]:
    """The requests as a report lists them, with the SHA-256 of each by its name."""
    return [{"name": job, "file": request_file(job), "sha256": digests[job]} for job in wanted.jobs]
