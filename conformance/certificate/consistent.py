"""Whether the outcomes of a bundle can be those of its image and requests: V17 and V18."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from conformance.certificate.evidence import Evidence
from conformance.certificate.product import Product
from conformance.certificate.rejected import reject
from conformance.files.tree import FileTree
from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.job.variation import INPUT_MARKER, Variation
from conformance.outcome.outcome import End, Host, Outcome
from conformance.rule.declaration import NotJudged
from conformance.rule.derived import RESTING, request_of
from conformance.service import message, status
from conformance.service.results.collection import LOG_HEAD_BYTES, LOG_TAIL_BYTES


def check_image(image: Image, product: Product) -> None:
    """Raise `Rejected` where the image of the outcomes is not the product's."""
    if image.reference != product.image or image.digest != product.digest or product.image not in image.pinned:
        reject("V17", f"the outcomes are of {image.reference} ({image.digest}), and not of {product.image}")
    _check_files(image.files, "the image")


def check_runs(evidence: Evidence, requests: tuple[JobRequest, ...]) -> None:
    """Raise `Rejected` where a run is there twice, or is not of the request that it has to be of."""
    keys = Counter(run.key for run in evidence.runs)
    for (variation, job, *_), count in keys.items():
        if count > 1:
            reject("V17", f"run {variation!s} of {job} is there twice")
    undisturbed = {run.job: run.outcome for run in evidence.runs if run.key == (Variation.AS_REQUESTED, run.job)}
    by_name = {request.name: request for request in requests}
    for run in evidence.runs:
        where = f"run {run.variation!s} of {run.job}"
        if run.outcome.variation is not run.variation:
            reject("V17", f"{where} has the outcome of run {run.outcome.variation!s}")
        wanted = _request(evidence, run.variation, by_name.get(run.job), undisturbed)
        if wanted is None or run.outcome.request != wanted:
            reject("V17", f"{where} is not of the request that it has to be of")
        if [host.name for host in run.outcome.hosts] != list(_hosts(run.variation, wanted, run.outcome)):
            reject("V17", f"{where} has other hosts than its request")
        for host in run.outcome.hosts:
            _check_files(host.files, f"{host.name} in {where}")
        logs = [log for host in run.outcome.hosts for log in (host.stdout, host.stderr)]
        if any(len(log.head) > LOG_HEAD_BYTES or len(log.tail) > LOG_TAIL_BYTES for log in logs):
            reject("V17", f"{where} has more of a log than is kept")
        if run.outcome.on_aws or run.outcome.stand_in is not None:
            reject("V17", f"{where} was not made by the image's own program on an engine")


def check_answers(evidence: Evidence) -> None:
    """Raise `Rejected` where a run is told to have ended otherwise than its hosts did, or a host contradicts itself."""
    for run in evidence.runs:
        where = f"run {run.variation!s} of {run.job}"
        hosts = run.outcome.hosts
        fault = message.fault(hosts)
        wanted = status.job_status(hosts, message_fault=fault)
        texts = [host.message for host in hosts if host.message is not None]
        said = None if fault else message.exit_message(texts)
        if (run.outcome.status, run.outcome.failure_reason, run.outcome.exit_message) != (*wanted, said):
            reject("V18", f"{where} is {run.outcome.status}, but its hosts make it {wanted[0]}, or its messages differ")
        for host in hosts:
            _check_host(host, where)
        _check_uploads(run.outcome, where)


def _check_host(host: Host, where: str) -> None:
    """Where the engine and the tracer saw the same, they saw the same; and what stands in a log was found there."""
    command = host.trace.command if host.trace is not None and host.trace.complete else None
    if host.end is End.EXITED and command is not None and command.status != host.exit_code:
        reject("V18", f"{host.name} in {where} exited with {host.exit_code}, but its process with {command.status}")
    words = [word for word in (INPUT_MARKER, *host.secrets) if word]
    for said, found in (
        *((log.head + log.tail, log.found) for log in (host.stdout, host.stderr)),
        (host.message or b"", host.message_found),
    ):
        if any(word.encode() in said and word not in found for word in words):
            reject("V18", f"log or message of {host.name} in {where} has more in it than was found there")


def _check_uploads(outcome: Outcome, where: str) -> None:
    """What was uploaded at the end is a file that a host left; a continuous output may be gone by then."""
    ended = {output.name for output in outcome.request.outputs if not output.is_continuous}
    files = {host.name: host.files for host in outcome.hosts}
    for upload in outcome.uploads:
        file = files[upload.host].get(upload.path) if upload.host in files else None
        if upload.output in ended and (file is None or file.size != upload.size):
            reject("V18", f"{upload.path} was uploaded in {where}, but {upload.host} did not leave it so")


def _check_files(files: FileTree, where: str) -> None:
    if list(files.entries) != sorted(files.entries) or any(path != file.path for path, file in files.entries.items()):
        reject("V17", f"the files of {where} are not in the order of their paths")


def _request(
    evidence: Evidence, variation: Variation, request: JobRequest | None, undisturbed: Mapping[str, Outcome]
) -> JobRequest | None:
    """The request that a run was made with; None where there is no such run."""
    if request is None and variation is not Variation.DEFAULT_COMMAND:
        return None
    try:
        asked = request_of(variation, request, image=evidence.image.reference, aws=evidence.aws, gpu=evidence.gpu)
        if variation not in RESTING or asked.name not in undisturbed:
            return asked
        again = RESTING[variation](evidence.image, undisturbed[asked.name])
    except NotJudged:
        return None
    return None if again is None else again.request


def _hosts(variation: Variation, request: JobRequest, outcome: Outcome) -> tuple[str, ...]:
    """The names that its hosts have to have; renamed ones may have any, and so many of them."""
    if variation is Variation.RENAMED_HOSTS and len(outcome.hosts) == request.instance_count:
        return tuple(host.name for host in outcome.hosts)
    return request.hosts
