"""Bundles that lie, each made of a real one by a function: what it changes, and whatever it then has to make fit."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from conformance.certificate import attestation, bundle, certified, evidence, product
from conformance.certificate.evidence import Evidence
from conformance.certificate.rejudged import rejudged
from conformance.certificate.verification import stated
from conformance.job.variation import Variation
from conformance.judging.replay import Repeated
from conformance.outcome.outcome import Outcome
from conformance.reports import names
from conformance.service.status import job_status

Files = dict[str, bytes]
Document = dict[str, Any]

REQUEST = "requests/reference.json"
LOG = "logs/reference.as-requested/algo-1.stdout"


@dataclass(frozen=True)
class Forgery:
    """A lie, the rule that it breaks, and the path of its bundle in an empty directory."""

    name: str
    rule: str
    make: Callable[[Files, Path], Path]


FORGERIES: list[Forgery] = []


def raw(rule: str) -> Callable[[Callable[[Files, Path], Path]], None]:
    """A forger that writes the bundle by itself."""

    def add(forge: Callable[[Files, Path], Path]) -> None:
        FORGERIES.append(Forgery(forge.__name__.removeprefix("_"), rule, forge))

    return add


def unsealed(rule: str) -> Callable[[Callable[[Files], None]], None]:
    """One that changes files, and leaves the digests to itself."""

    def add(forge: Callable[[Files], None]) -> None:
        def make(files: Files, place: Path) -> Path:
            forge(files)
            return packed(files, place)

        FORGERIES.append(Forgery(forge.__name__.removeprefix("_"), rule, make))

    return add


def sealed(rule: str) -> Callable[[Callable[[Files], None]], None]:
    """One that changes files, whose digests are made to fit."""

    def add(forge: Callable[[Files], None]) -> None:
        def make(files: Files, place: Path) -> Path:
            forge(files)
            return packed(resealed(files), place)

        FORGERIES.append(Forgery(forge.__name__.removeprefix("_"), rule, make))

    return add


def told(rule: str) -> Callable[[Callable[[Document], None]], None]:
    """One that changes the report, to which all reports that are made of it are made to fit."""

    def add(forge: Callable[[Document], None]) -> None:
        def make(files: Files, place: Path) -> Path:
            document = json.loads(files[names.REPORT])
            forge(document)
            return packed(rendered(files, document), place)

        FORGERIES.append(Forgery(forge.__name__.removeprefix("_"), rule, make))

    return add


def confirmed(found: Evidence, files: Files) -> Evidence:
    """The outcomes with all repeats that their findings need, each like the run that it repeats."""
    document = json.loads(files[names.REPORT])
    requests = tuple(certified.requests_in(files).values())
    made = {run.key: run for run in found.runs}
    while missing := [key for key in rejudged(found, requests, stated(document)).missing if key not in made]:
        for key in missing:
            # Of the runs themselves none is missing.
            variation, job, traced, attempt = cast("Repeated", key)
            run = replace(made[variation, job], attempt=attempt, traced=traced)
            made[key] = run if traced else replace(run, outcome=untraced(run.outcome))
        found = replace(found, runs=tuple(made.values()))
    return found


def untraced(outcome: Outcome) -> Outcome:
    """The outcome of a run without the tracer."""
    return replace(outcome, conditions=outcome.conditions.untraced())


def shown(rule: str) -> Callable[[Callable[[Evidence], Evidence]], None]:
    """One that changes the outcomes, and leaves all reports as they were."""

    def add(forge: Callable[[Evidence], Evidence]) -> None:
        def make(files: Files, place: Path) -> Path:
            files[evidence.NAME] = evidence.pack(forge(evidence.unpack(files[evidence.NAME])))
            return packed(resealed(attested(files)), place)

        FORGERIES.append(Forgery(forge.__name__.removeprefix("_"), rule, make))

    return add


def judged(rule: str, *, told_as_before: bool = False) -> Callable[[Callable[[Evidence], Evidence]], None]:
    """One that changes the outcomes, repeats what has to be repeated, and judges them, so that every report fits.

    With `told_as_before` the reports are those of the real outcomes.
    """

    def add(forge: Callable[[Evidence], Evidence]) -> None:
        def make(files: Files, place: Path) -> Path:
            changed = confirmed(forge(evidence.unpack(files[evidence.NAME])), files)
            kept = {**files, evidence.NAME: evidence.pack(changed)}
            if told_as_before:
                return packed(resealed(attested(kept)), place)
            document = json.loads(files[names.REPORT])
            found = rejudged(changed, tuple(certified.requests_in(files).values()), stated(document))
            kept = {name: content for name, content in kept.items() if not name.startswith("logs/")}
            kept |= dict(certified.reports(found))
            return packed(rendered(kept, json.loads(kept[names.REPORT])), place)

        FORGERIES.append(Forgery(forge.__name__.removeprefix("_"), rule, make))

    return add


def packed(files: Files, place: Path) -> Path:
    """An archive of these very files."""
    path = place / names.CERTIFICATE
    path.write_bytes(gzip.compress(bundle.archive(files), compresslevel=1))
    return path


def archived(place: Path, members: Iterator[tuple[str, bytes]], *further: tarfile.TarInfo) -> Path:
    """An archive of these members, and of further ones without a content."""
    path = place / names.CERTIFICATE
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        for member in further:
            archive.addfile(member)
    return path


def resealed(files: Files) -> Files:
    """The files with the digests that they have."""
    rest = {name: content for name, content in files.items() if name != bundle.SUMS}
    return {**rest, bundle.SUMS: bundle.sums(rest)}


def attested(files: Files) -> Files:
    """The files with the attestation that they have."""
    wanted = product.parse(files[product.NAME], product.NAME)
    return {**files, attestation.NAME: attestation.render(wanted, json.loads(files[names.REPORT]), files)}


def rendered(files: Files, document: Document) -> Files:
    """The files with this report and all that is made of it."""
    try:
        made = dict(certified.rendered(document, needs_page=True))
    except (KeyError, TypeError, ValueError, AttributeError):
        # What no report can be made of is found out before.
        made = {}
    files = {**files, names.REPORT: certified.as_bytes(document), **made}
    return resealed(attested(files) if made else files)


def unpacked(files: Files, place: Path) -> Path:
    """A directory of these files."""
    folder = place / "bundle"
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def with_run(all_runs: Evidence, variation: Variation, change: Callable[[Outcome], Outcome]) -> Evidence:
    """The evidence with a change of one run."""
    runs = [replace(run, outcome=change(run.outcome)) if run.variation is variation else run for run in all_runs.runs]
    assert tuple(runs) != all_runs.runs
    return replace(all_runs, runs=tuple(runs))


def with_host(outcome: Outcome, **members: Any) -> Outcome:  # noqa: ANN401 - as `replace`
    """An outcome with a change of its only host."""
    (host,) = outcome.hosts
    return replace(outcome, hosts=(replace(host, **members),))


def exiting(outcome: Outcome, code: int) -> Outcome:
    """An outcome whose only host exited with another code, as engine and tracer saw, and the status that follows."""
    (host,) = outcome.hosts
    trace = host.trace
    if trace is not None:
        ended = (replace(each, exit_code=code) if each is trace.command else each for each in trace.processes)
        trace = replace(trace, processes=tuple(ended))
    changed = with_host(outcome, exit_code=code, trace=trace)
    status, reason = job_status(changed.hosts)
    return replace(changed, status=status, failure_reason=reason)


def verdict(document: Document, check: str) -> Document:
    """The record of a verdict."""
    found: Document = next(each for each in document["verdicts"] if each["check"] == check)
    return found


def recounted(document: Document) -> None:
    """Make the counts fit the verdicts."""
    for word in document["counts"]:
        document["counts"][word] = sum(each["verdict"] == word for each in document["verdicts"])
