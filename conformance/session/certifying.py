"""A session that certifies an image: what it demands of itself, and the bundle that it leaves behind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest

from conformance.certificate import bundle, certified, defaults, evidence
from conformance.certificate.evidence import Evidence, Run
from conformance.certificate.product import OPTION, Product
from conformance.certificate.rejected import Rejected
from conformance.certificate.rejudged import Stated
from conformance.certificate.verification import verify
from conformance.errors import UsageError
from conformance.job.variation import Variation
from conformance.judging.replay import Made, Repeated
from conformance.outcome.outcome import Outcome
from conformance.reports import conclusion, names, redaction
from conformance.reports.document import Report
from conformance.session.circumstances import options_record
from conformance.session.options import Options
from conformance.session.session import Session
from conformance.verdict.profiles import ExitStatus

NOT_STATED = ("s3", "report", "dockerfile")
"""Options that are paths of this machine, and have no part in a verdict."""


Key = TypeVar("Key", Made, Repeated)


@dataclass(frozen=True)
class Certifying:
    """The certificate of a session; `requests` are the files of its jobs by their names in the bundle."""

    session: Session
    product: Product
    requests: Mapping[str, bytes]

    @classmethod
    def begin(cls, config: pytest.Config, session: Session, named: tuple[str, ...]) -> Certifying | None:
        """Read what is to be certified; None without `--image-certify`.

        Raises:
            UsageError: no certificate can come of this session; each reason has a line.
        """
        product = session.options.product
        if product is None:
            return None
        reasons = [*_of_options(session.options, product), *_of_image(session, product), *_of_pytest(config, named)]
        if reasons:
            raise UsageError("\n  - ".join([f"{OPTION}: no certificate can come of this session:", *reasons]))
        files = {certified.request_file(each.name): Path(each.source) for each in session.options.requests}
        return cls(session, product, {name: path.read_bytes() for name, path in files.items()})

    def made(self, report: Report, circumstances: Mapping[str, Any]) -> dict[str, bytes]:
        """The files of the bundle.

        Raises:
            UsageError: the session did not reach a certificate; each reason has a line.
        """
        reasons = list(_of_report(report))
        digests = {each["name"]: each["sha256"] for each in circumstances["requests"]}
        read = {
            request.name: hashlib.sha256(self.requests[certified.request_file(request.name)]).hexdigest()
            for request in self.session.options.requests
        }
        reasons += [f"{name}: the file changed while the session began" for name in read if read[name] != digests[name]]
        if reasons:
            raise UsageError("\n".join(reasons))
        stated = Stated(
            service=self.session.service.described(),
            session={**circumstances["session"], "options": _stated(self.session.options)},
            requests=certified.job_records(self.product, digests),
            inputs=circumstances["inputs"],
            seconds={(each["check"], each["job"]): each["seconds"] for each in report.document["verdicts"]},
        )
        files = certified.files_of(self.product, self.requests, self._evidence(), stated)
        try:
            found = verify({**files, bundle.SUMS: bundle.sums(files)}, now=datetime.now(UTC))
        except Rejected as rejected:
            # Nobody else would believe it either.
            raise UsageError(f"the bundle does not hold: {rejected}") from rejected
        told = {(each["check"], each["job"]): each["verdict"] for each in report.document["verdicts"]}
        differing = [
            f"{each['check']}: {told[each['check'], each['job']]} in the session, {each['verdict']} when judged again"
            for each in found.document["verdicts"]
            if told[each["check"], each["job"]] != each["verdict"]
        ]
        if differing:
            raise UsageError("\n".join(differing))
        return files

    def write(self, files: Mapping[str, bytes]) -> Path:
        """Write the bundle and return its path; raises OSError where it cannot be written."""
        path = self.session.options.report / names.CERTIFICATE
        bundle.write(path, files)
        return path

    def _evidence(self) -> Evidence:
        made, repeats = self.session.made()
        chosen = self.session.options
        runs = [Run(key[0], key[1], outcome) for key, outcome in _ended(made)]
        runs += [Run(key[0], key[1], outcome, key[3], key[2]) for key, outcome in _ended(repeats)]
        # Whatever came first, the file is the same.
        runs.sort(key=lambda run: (run.job, run.variation, run.attempt, run.traced))
        image = replace(self.session.image, digest=self.product.digest)
        return Evidence(image, chosen.gpu, chosen.strict, chosen.aws, tuple(runs), evidence.FORMAT)


def _ended(runs: Mapping[Key, Future[Outcome]]) -> Iterator[tuple[Key, Outcome]]:
    """The runs that came to an outcome of their own, by their keys, with requests named as in the bundle."""
    for key, future in runs.items():
        if not future.done() or future.exception() or future.result().variation is not key[0]:
            continue
        outcome = future.result()
        if key[0] is not Variation.DEFAULT_COMMAND:
            source = certified.request_file(outcome.request.name)
            outcome = replace(outcome, request=replace(outcome.request, source=source))
        yield key, outcome


def _stated(chosen: Options) -> dict[str, Any]:
    return {name: said for name, said in options_record(chosen).items() if name not in NOT_STATED}


def _of_options(chosen: Options, product: Product) -> Iterator[str]:
    yield from defaults.changed(_stated(chosen))
    jobs = [request.name for request in chosen.requests if request.has_file]
    if sorted(jobs) != sorted(product.jobs) or len(jobs) < len(chosen.requests):
        given = ", ".join(request.name for request in chosen.requests) or "none"
        yield f"--image-job: expected the jobs of the product, {', '.join(product.jobs)}, got {given}"
    for request in chosen.requests:
        for name, value in request.environment.items():
            if redaction.of_environment({name: value}):
                yield f"{request.name}: Environment: {name} is secret, and would be in the bundle"


def _of_image(session: Session, product: Product) -> Iterator[str]:
    image, chosen = session.found, session.options
    if chosen.image != product.image:
        yield f"--image: expected the image of the product, {product.image}, got {chosen.image}"
    elif product.image not in image.pinned:
        known = " or ".join(image.pinned) or "none, since no registry has it"
        yield f"image: expected a reference by which the engine has it, {known}, got {product.image}"
    for name, value in image.environment.items():
        if redaction.of_environment({name: value}):
            yield f"image: its variable {name} is secret, and would be in the bundle"


def _of_pytest(config: pytest.Config, named: tuple[str, ...]) -> Iterator[str]:
    if config.getoption("dist", "no") != "no" or config.getoption("tx", None):
        yield "-n: expected one process, since the outcomes of all runs are recorded"
    if config.getoption("collectonly"):
        yield "--collect-only: expected the checks to be run"
    if named or config.option.keyword or config.option.markexpr or config.option.deselect:
        yield "expected all checks, but -k, -m, --deselect or a node id selects some"


def _of_report(report: Report) -> Iterator[str]:
    document = report.document
    yield from (f"{check} was not selected" for check in document["not_selected"])
    yield from (f"{check} has no result, and the profile requires one" for check in document["missing"])
    yield from document["warnings"]
    if report.exit_status != ExitStatus.CONFORMS:
        said = conclusion.sentence(document)
        yield f"exit status {report.exit_status}: {said}"
