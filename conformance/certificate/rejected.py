"""The rules that a bundle has to keep, by number, and how it is said that one is broken."""

from __future__ import annotations

from typing import NoReturn

from conformance import text
from conformance.errors import ConformanceError

RULES = {
    "V01": "it is a directory or a `.tar.gz` of regular files and of nothing else, 128 MiB and 10,000 files at most",
    "V02": "it has the files of a bundle, and no other ones",
    "V03": "`SHA256SUMS` has the digest of each file",
    "V04": "`product.toml` is well-formed",
    "V05": "`report.json` is valid by its schema",
    "V06": "version of schema, suite, contract and checks are those of the suite that verifies it",
    "V07": "product, report and `--image` name one image by one digest",
    "V08": "the requests are valid, and those that product and report name; of their inputs there is a digest",
    "V09": "it is not from the future, and at most 365 days old",
    "V10": "no default was changed",
    "V11": "the profile is the suite's own for such requests, by its digest",
    "V12": "nothing was waived",
    "V13": "every check was selected, and has a verdict on each request",
    "V14": "every required check was judged",
    "V15": "nothing violates, and the session ended with status 0",
    "V16": "`outcomes.json.gz` can be read, 64 MiB at most, and has nothing else in it",
    "V17": "the outcomes are of this image and these requests, each run once and none too many",
    "V18": "no run contradicts itself: its answer follows from its hosts, their exit codes from their processes, what "
    "was found in logs and messages from these, and uploads from files",
    "V19": "the verdicts are those that the checks come to when they judge the outcomes again",
    "V20": "all else in `report.json` is what the outcomes show",
    "V21": "the logs are those of the outcomes",
    "V22": "`junit.xml` says what `report.json` says",
    "V23": "`report.html` shows what `report.json` says",
    "V24": "`attestation.json` says what `report.json` says",
    "V25": "with `--again`, the same image, requests and inputs have the same verdicts",
}
"""What is verified, in this order; the first rule that is broken is named."""


class Rejected(ConformanceError):  # noqa: N818 - a judgement of the bundle, not an error of the suite
    """A bundle breaks a rule."""

    def __init__(self, rule: str, said: str) -> None:
        """Keep the number of the rule, and what is wrong."""
        super().__init__(text.line(f"{rule}: {said}"))
        self.rule = rule


def reject(rule: str, said: str) -> NoReturn:
    """Raise `Rejected`."""
    raise Rejected(rule, said)
