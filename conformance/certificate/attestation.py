"""The attestation of a certificate: an in-toto Statement v1 about the image, unsigned.

Source: the in-toto attestation framework, Statement v1 and ResourceDescriptor v1, and the predicate
https://in-toto.io/attestation/test-result/v0.1, whose field `configuration` refers to all that a result rests on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from conformance.certificate import evidence
from conformance.certificate.product import Product
from conformance.reports import names
from conformance.verdict.verdict import Word

NAME = "attestation.json"

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"


def statement(product: Product, document: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    """The statement that a report makes about the image of a product; `files` are those of the bundle so far.

    It names product, requests, report and outcomes by their digests: all other files of a bundle follow from these.
    """
    verdicts = document["verdicts"]
    warned = _tests(verdicts, Word.ADVISED)
    failed = _tests(verdicts, Word.VIOLATES) + _tests(verdicts, Word.ERROR)
    named = sorted(
        name for name in files if name in {"product.toml", names.REPORT, evidence.NAME} or name.startswith("requests/")
    )
    profile, inputs = document["profile"], document["inputs"]
    configuration = [{"name": name, "digest": {"sha256": hashlib.sha256(files[name]).hexdigest()}} for name in named]
    configuration.append(
        {
            "name": f"profile {profile['name']} {profile['version']}",
            "digest": {"sha256": profile["sha256"]},
            "annotations": {"contract": document["contract"], "suite": document["tool"]["version"]},
        }
    )
    if inputs is not None:
        configuration.append({"name": "inputs", "digest": {"sha256": inputs["sha256"]}})
    algorithm, _, value = product.digest.partition(":")
    return {
        "_type": STATEMENT,
        "subject": [{"name": product.repository, "digest": {algorithm: value}}],
        "predicateType": PREDICATE,
        "predicate": {
            "result": "FAILED" if failed else "WARNED" if warned else "PASSED",
            "configuration": configuration,
            "passedTests": _tests(verdicts, Word.CONFORMS),
            "warnedTests": warned,
            "failedTests": failed,
        },
    }


def render(product: Product, document: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """The same as the bytes of a file."""
    return (json.dumps(statement(product, document, files), indent=2) + "\n").encode()


def _tests(verdicts: list[Mapping[str, Any]], word: Word) -> list[str]:
    """The ids of the checks with this verdict; each with the job, if it has one."""
    return [
        f"{each['check']}[{each['job']}]" if each["job"] else str(each["check"])
        for each in verdicts
        if each["verdict"] == word
    ]
