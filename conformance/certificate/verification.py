"""Whether a bundle keeps the rules, from its files alone: `conformance.certificate.rejected` lists them by number."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import conformance
from conformance.certificate import attestation, bundle, certified, claims, consistent, evidence, product
from conformance.certificate.encoding import strict_json
from conformance.certificate.evidence import Evidence
from conformance.certificate.product import Product
from conformance.certificate.rejected import Rejected, reject
from conformance.certificate.rejudged import Rejudged, Stated, rejudged
from conformance.checks import load_checks
from conformance.errors import RequestError, UsageError
from conformance.job.request import JobRequest
from conformance.reports import catalogue, logs, names, reading
from conformance.reports.document import SCHEMA_VERSION

VALID_DAYS = 365
"""How long a certificate is valid, from the end of its session on."""

OF_A_RUN = 2
"""How many parts the key of a run has that is no repetition of another one."""

AHEAD = timedelta(days=1)
"""By how much the clock of the machine that certified may have been wrong."""


@dataclass(frozen=True)
class Verified:
    """A bundle that keeps the rules, and until when it does."""

    product: Product
    requests: tuple[JobRequest, ...]
    document: Mapping[str, Any]
    files: Mapping[str, bytes]
    expires: datetime


def verify(files: Mapping[str, bytes], *, now: datetime) -> Verified:
    """Verify a bundle at a moment; `now` is in UTC.

    Raises:
        Rejected: it breaks a rule.
        UsageError: it has a `report.html`, and Jinja is not installed, so that nobody can say whether it lies.
    """
    _check_names(files)
    bundle.check_sums(files)
    wanted = _product(files[product.NAME])
    document = _report(files[names.REPORT])
    claims.check_image(document, wanted)
    requests = _requests(files, document, wanted)
    expires = _check_dates(document["session"], now)
    claims.check(document, requests)
    shown = _evidence(files[evidence.NAME])
    _check_evidence(files, document, wanted, requests, shown)
    _check_rendered(files, document, wanted)
    return Verified(wanted, requests, document, files, expires)


def _check_names(files: Mapping[str, bytes]) -> None:
    for name in (*certified.ALWAYS, bundle.SUMS):
        if name not in files:
            reject("V02", f"{name} is missing")
    known = {*certified.ALWAYS, bundle.SUMS, names.HTML}
    for name in sorted(files):
        if name not in known and not name.startswith((certified.REQUESTS, f"{logs.DIRECTORY}/")):
            reject("V02", f"{name} is no file of a bundle")


def _product(content: bytes) -> Product:
    try:
        return product.parse(content, product.NAME)
    except UsageError as error:
        reject("V04", error.message.removeprefix(f"{product.OPTION}: "))


def _report(content: bytes) -> dict[str, Any]:
    try:
        document = strict_json(content.decode("ascii"))
        version = document.get("schema_version") if isinstance(document, dict) else None
        if version in reading.SCHEMAS and not isinstance(version, bool):
            reading.validate(document, version, names.REPORT)
    except (ValueError, UsageError) as error:
        reject("V05", str(error))
    told: list[tuple[str, object, object]] = [("schema_version", version, SCHEMA_VERSION)]
    if version == SCHEMA_VERSION:
        told += [
            ("tool.version", document["tool"]["version"], conformance.__version__),
            ("contract", document["contract"], conformance.CONTRACT_VERSION),
            ("catalogue", document["catalogue"], catalogue.described(load_checks())),
        ]
    for name, said, known in told:
        if said != known:
            reject("V06", f"{names.REPORT}: {name}: expected {known!r}, which verifies this, got {said!r}")
    if document["session"] is None:
        reject("V05", f"{names.REPORT}: expected a session, got null")
    found: dict[str, Any] = document
    return found


def _requests(files: Mapping[str, bytes], document: Mapping[str, Any], wanted: Product) -> tuple[JobRequest, ...]:
    try:
        found = certified.requests_in(files)
    except RequestError as error:
        reject("V08", error.faults[0])
    except ValueError as error:
        reject("V08", f"a request: {error}")
    listed = {certified.request_file(job) for job in wanted.jobs}
    for name in sorted(listed ^ found.keys()):
        reject("V08", f"{name} {'is missing' if name in listed else 'is named by no job of the product'}")
    by_name = {request.name: request for request in found.values()}
    for job in wanted.jobs:
        if found[certified.request_file(job)].name != job:
            reject("V08", f"{certified.request_file(job)} is not the request of {job}")
    digests = {job: hashlib.sha256(files[certified.request_file(job)]).hexdigest() for job in wanted.jobs}
    if document["requests"] != certified.job_records(wanted, digests):
        reject("V08", f"{names.REPORT}: requests: expected those of the product by their digests")
    # An input without objects is refused before anything is run.
    if (document["inputs"] is None) is any(request.inputs for request in by_name.values()):
        reject("V08", f"{names.REPORT}: inputs: expected the digest of the objects that the requests read, if any")
    return tuple(by_name[job] for job in wanted.jobs)


def _check_dates(session: Mapping[str, Any], now: datetime) -> datetime:
    try:
        began, ended = (datetime.fromisoformat(session[name]).astimezone(UTC) for name in ("began", "ended"))
        expires = ended + timedelta(days=VALID_DAYS)
    except (ValueError, OverflowError) as error:
        reject("V09", f"{names.REPORT}: session: expected two dates: {error}")
    if not began <= ended <= now + AHEAD:
        reject("V09", f"expected a session that began, ended and is over, got {session['began']} to {session['ended']}")
    if now > expires:
        reject("V09", f"it expired on {expires:%Y-%m-%d}, {VALID_DAYS} days after its session")
    return expires


def _evidence(content: bytes) -> Evidence:
    try:
        return evidence.unpack(content)
    except (ValueError, TypeError) as error:
        reject("V16", f"{evidence.NAME}: {error}")


def _check_evidence(
    files: Mapping[str, bytes],
    document: Mapping[str, Any],
    wanted: Product,
    requests: tuple[JobRequest, ...],
    shown: Evidence,
) -> None:
    """Judge the outcomes again, which may hold anything: what no session can have made is rejected as well."""
    try:
        options = document["session"]["options"]
        if (shown.strict, shown.aws, shown.gpu) != (options["strict"], options["aws"], options["gpu"]):
            reject("V17", "the outcomes are of a session with other options")
        consistent.check_image(shown.image, wanted)
        consistent.check_runs(shown, requests)
        consistent.check_answers(shown)
        found = rejudged(shown, requests, stated(document))
    except Rejected:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a check stumbles upon, no session has shown that
        reject("V17", f"the outcomes cannot be judged: {type(error).__name__}: {error}")
    for key in sorted((*found.missing, *found.unused), key=str):
        again = ", repeated," if len(key) > OF_A_RUN else ""
        what = "is missing" if key in found.missing else "is of no check"
        reject("V17", f"run {key[0]!s} of {key[1]}{again} {what}")
    _check_report(files, document, found)


def _check_report(files: Mapping[str, bytes], document: Mapping[str, Any], found: Rejudged) -> None:
    made = json.loads(certified.as_bytes(found.report.document))
    for one, other in zip(made["verdicts"], document["verdicts"], strict=True):
        if one != other:
            member = next(name for name in (one | other) if one.get(name) != other.get(name))
            reject("V19", f"{one['check']}: {member}: the outcomes give {one.get(member)!r}, not {other.get(member)!r}")
    if files[names.REPORT] != certified.as_bytes(found.report.document):
        where = _difference(made, document)
        reject("V20", f"{names.REPORT}: the outcomes show something else at {where}")
    told = {name: content for name, content in certified.reports(found) if name != names.REPORT}
    there = {name: content for name, content in files.items() if name.startswith(f"{logs.DIRECTORY}/")}
    for name in sorted(told.keys() | there.keys()):
        if told.get(name) != there.get(name):
            reject("V21", f"{name} is not the log that the outcomes have")


def _check_rendered(files: Mapping[str, bytes], document: Mapping[str, Any], wanted: Product) -> None:
    made = dict(certified.rendered(document, needs_page=names.HTML in files))
    if files[names.JUNIT] != made[names.JUNIT]:
        reject("V22", f"{names.JUNIT} differs from what {names.REPORT} makes")
    if names.HTML in files and files[names.HTML] != made[names.HTML]:
        reject("V23", f"{names.HTML} differs from what {names.REPORT} makes")
    if files[attestation.NAME] != attestation.render(wanted, document, files):
        reject("V24", f"{attestation.NAME} differs from what {names.REPORT} makes")


def stated(document: Mapping[str, Any]) -> Stated:
    """What a report says that no outcome shows."""
    return Stated(
        service=document["service"],
        session=document["session"],
        requests=document["requests"],
        inputs=document["inputs"],
        seconds={(each["check"], each["job"]): each["seconds"] for each in document["verdicts"]},
    )


def _difference(one: Any, other: Any, where: str = "$") -> str:  # noqa: ANN401 - any JSON
    """The path of the first difference of two documents."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in sorted(one.keys() | other.keys()):
            if one.get(name) != other.get(name) or (name in one) != (name in other):
                return _difference(one.get(name), other.get(name), f"{where}.{name}")
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (first, second) in enumerate(zip(one, other, strict=True)):
            if first != second:
                return _difference(first, second, f"{where}[{index}]")
    return where
