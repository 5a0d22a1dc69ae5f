"""The attestation: valid as in-toto specifies it, of the image by its manifest, and bound to all that it rests on."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.certificate import attestation, product
from tests.certificate.test_product import WHOLE
from tests.support.certifying import Certified
from tests.support.outcomes import OUTPUT, file, host, outcome
from tests.support.reports import report

SCHEMA = json.loads(Path(__file__).with_name("attestation.schema.json").read_text(encoding="utf-8"))

PART = file(f"{OUTPUT}/part-1")

FILES = {"product.toml": WHOLE.encode(), "report.json": b"{}", "requests/reference.json": b"{}", "junit.xml": b""}


def stated(document: dict[str, Any]) -> dict[str, Any]:
    """The statement of a report, after it was found valid by the schema."""
    statement = attestation.statement(product.parse(WHOLE.encode(), "product.toml"), document, FILES)
    jsonschema.validate(statement, SCHEMA, jsonschema.Draft202012Validator)
    return statement


def numbers(statement: dict[str, Any]) -> list[int]:
    """How many tests passed, passed with a warning and failed."""
    return [len(statement["predicate"][f"{name}Tests"]) for name in ("passed", "warned", "failed")]


@pytest.mark.parametrize(
    ("document", "result"),
    [
        (report(outcome(host(PART, stdout="done\n"))), "PASSED"),
        (report(outcome(host(message="x" * 2000))), "WARNED"),
        (report(outcome(host(exit_code=1))), "FAILED"),
    ],
    ids=["passed", "warned", "failed"],
)
def test_a_statement_says_what_the_report_says(document: dict[str, Any], result: str) -> None:
    """Each check with a verdict on the image is a test that passed, warned or failed."""
    statement = stated(document)

    counts = document["counts"]
    assert result == statement["predicate"]["result"], statement
    assert [counts["conforms"], counts["advised"], counts["violates"]] == numbers(statement)


@pytest.mark.engine
def test_the_real_one_is_of_the_manifest_and_of_all_evidence(made: Certified) -> None:
    """By the digests of the files from which all others follow."""
    files = made.files
    statement = json.loads(files["attestation.json"])
    jsonschema.validate(statement, SCHEMA, jsonschema.Draft202012Validator)

    name, _, digest = made.image.partition("@sha256:")
    assert [{"name": name, "digest": {"sha256": digest}}] == statement["subject"]
    named = {each["name"]: each["digest"]["sha256"] for each in statement["predicate"]["configuration"]}
    evidence = ("outcomes.json.gz", "product.toml", "report.json", "requests/reference.json")
    assert {name: hashlib.sha256(files[name]).hexdigest() for name in evidence}.items() <= named.items()
    assert {"profile processing 1.0", "inputs"} == named.keys() - set(evidence)
    assert "exit.zero-on-success[reference]" in statement["predicate"]["passedTests"]
