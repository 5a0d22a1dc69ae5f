"""What the report of a bundle has to say of itself, before anybody looks at its evidence: V07 and V10 to V15."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from conformance.certificate import defaults
from conformance.certificate.product import Product
from conformance.certificate.rejected import reject
from conformance.checks import load_checks
from conformance.job.gpu import Choice
from conformance.job.request import JobRequest
from conformance.judging import judging
from conformance.reports import conclusion, verdicts
from conformance.service.settings import Settings
from conformance.verdict.profiles import ExitStatus, missing, reading, scope_of
from conformance.verdict.verdict import Word

Document = Mapping[str, Any]


def check_image(document: Document, product: Product) -> None:
    """Raise `Rejected` where report and product name different images (V07)."""
    image = document["image"]
    if (image["reference"], image["digest"]) != (product.image, product.digest):
        reject("V07", f"report.json is of {image['reference']} ({image['digest']}), and not of {product.image}")
    if document["session"]["options"].get("image") != product.image:
        reject("V07", f"the session was given another image than {product.image}")


def check(document: Document, requests: tuple[JobRequest, ...]) -> None:
    """Raise `Rejected` where a report says that its session was not one that certifies (V10 to V15)."""
    _check_defaults(document)
    gpu = Choice(document["gpu"]["asked"])
    profile = reading.own(scope_of(requests, gpu), load_checks())
    if document["profile"] != profile.described():
        reject("V11", f"expected {profile.described()}, got {document['profile']}")
    if document["waivers"] or any(each["waived"] or each["verdict"] == Word.WAIVED for each in document["verdicts"]):
        reject("V12", "a violation is waived, or a waiver was there for one")
    _check_selection(document, requests)
    lacking = missing(profile, map(verdicts.of_record, document["verdicts"]))
    if document["missing"] or lacking:
        named = [*document["missing"], *(each.check.id for each in lacking)]
        reject("V14", f"{named[0]} has no result, and the profile {profile.name} requires one")
    if document["warnings"]:
        reject("V15", f"the session did not end well: {document['warnings'][0]}")
    if document["exit_status"] != ExitStatus.CONFORMS or conclusion.failing(document):
        reject("V15", f"the session ended with status {document['exit_status']}: {conclusion.failures(document)}")
    for each in document["verdicts"]:
        if each["verdict"] in {Word.VIOLATES, Word.ERROR} or (document["strict"] and each["verdict"] == Word.ADVISED):
            reject("V15", f"{each['check']}: {each['verdict']}")


def _check_defaults(document: Document) -> None:
    options, service = document["session"]["options"], document["service"]
    for said in defaults.changed(options):
        reject("V10", said)
    if (options["gpu"], options["strict"]) != (document["gpu"]["asked"], document["strict"]):
        reject("V10", "gpu and strict are not as the options say")
    if service["name"] != "local" or service["choices"] != json.loads(json.dumps(Settings().described())):
        reject("V10", "expected a Docker Engine and all choices of this suite by default")


def _check_selection(document: Document, requests: tuple[JobRequest, ...]) -> None:
    expected = [
        (check.id, request.name if request is not None else "")
        for check in load_checks()
        for request in judging.requests_for(check.job, requests)
    ]
    if document["not_selected"]:
        reject("V13", f"{document['not_selected'][0]} was not selected")
    told = [(each["check"], each["job"]) for each in document["verdicts"]]
    # In the order of the contract, and by job where a check has several.
    lacking = set(expected) - set(told)
    if lacking or len(told) != len(expected) or set(told) != set(expected):
        named = sorted(lacking or set(told) - set(expected) or set(told))
        reject(
            "V13", f"expected one verdict of each check on each job, but not so of {'/'.join(filter(None, named[0]))}"
        )
