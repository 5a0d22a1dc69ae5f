"""SARIF 2.1.0: each check as a rule, each finding as a result, at the line of a Dockerfile where one is given.

GitHub shows only results that have a place in a file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from conformance import text
from conformance.reports import conclusion
from conformance.reports.conclusion import Conclusion, Document
from conformance.reports.dockerfile import Dockerfile
from conformance.verdict.verdict import Word

Json = Mapping[str, Any]

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"

LEVELS = {Word.VIOLATES: "error", Word.ADVISED: "warning", Word.WAIVED: "note"}
"""How a finding is called there."""

OF_RULE = {"MUST": "error", "SHOULD": "warning"}


def render(document: Document, dockerfile: Dockerfile | None = None) -> str:
    """The report as SARIF."""
    rules = {verdict["check"]: _rule(verdict) for verdict in document["verdicts"]}
    order = {check: index for index, check in enumerate(rules)}
    found = [verdict for verdict in document["verdicts"] if verdict["verdict"] in LEVELS]
    errors = [verdict for verdict in document["verdicts"] if verdict["verdict"] == Word.ERROR]
    image, tool = document["image"], document["tool"]
    run = {
        "tool": {
            "driver": {
                "name": tool["name"],
                "version": tool["version"],
                "rules": list(rules.values()),
            }
        },
        "automationDetails": {"id": f"{tool['name']}/{text.line(image['reference'])}"},
        "invocations": [
            {
                "executionSuccessful": conclusion.of(document) is not Conclusion.ABORTED and not errors,
                "exitCode": document["exit_status"],
                "toolExecutionNotifications": [
                    {
                        "level": "error",
                        "associatedRule": {"id": verdict["check"], "index": order[verdict["check"]]},
                        "message": {"text": text.sentence(verdict["reason"])},
                    }
                    for verdict in errors
                ],
            }
        ],
        "results": [_result(document, verdict, order[verdict["check"]], dockerfile) for verdict in found],
        "properties": {"image": image["digest"], "profile": conclusion.profile(document)},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True) + "\n"


def fingerprint(verdict: Json) -> str:
    """What tells a finding from others, and is the same in the next session."""
    return hashlib.sha256(f"{verdict['check']}\0{verdict['job']}".encode("utf-8", "surrogatepass")).hexdigest()


def sentence(verdict: Json) -> str:
    """What a finding says: its first sentence, and how many more there are."""
    first, *more = verdict["violations"]
    return text.sentence(f"{first} And {len(more)} more." if more else first)


def _rule(verdict: Json) -> dict[str, Any]:
    return {
        "id": verdict["check"],
        "name": "".join(word.capitalize() for word in verdict["check"].replace(".", "-").split("-")),
        "shortDescription": {"text": text.sentence(verdict["title"])},
        "fullDescription": {"text": text.sentence(verdict["clause"])},
        "help": {"text": text.sentence(verdict["remedy"])},
        "helpUri": verdict["source"]["url"],
        "defaultConfiguration": {"level": OF_RULE[verdict["level"]]},
        "properties": {"basis": verdict["basis"], "tags": ["sagemaker", "container", verdict["check"].split(".")[0]]},
    }


def _result(document: Document, verdict: Json, index: int, dockerfile: Dockerfile | None) -> dict[str, Any]:
    location: dict[str, Any] = {
        "logicalLocations": [{"fullyQualifiedName": text.line(document["image"]["reference"]), "kind": "resource"}]
    }
    if dockerfile is not None:
        place = dockerfile.place(verdict["check"], verdict["violations"])
        location["physicalLocation"] = {
            "artifactLocation": {"uri": dockerfile.uri},
            "region": {"startLine": place.line, "endLine": place.end},
        }
    result = {
        "ruleId": verdict["check"],
        "ruleIndex": index,
        "level": LEVELS[verdict["verdict"]],
        "message": {"text": sentence(verdict)},
        "locations": [location],
        "partialFingerprints": {"conformance/v1": fingerprint(verdict)},
    }
    if suppressions := conclusion.answered(verdict):
        result["suppressions"] = [{"kind": "external", "justification": text.sentence(each)} for each in suppressions]
    return result
