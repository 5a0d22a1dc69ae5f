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
from conformance.job.variation import Variation
from conformance.outcome.outcome import Outcome
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
    """Raise `Rejected` where a run is told to have ended otherwise than its hosts did."""
    for run in evidence.runs:
        hosts = run.outcome.hosts
        fault = message.fault(hosts)
        wanted = status.job_status(hosts, message_fault=fault)
        texts = [host.message for host in hosts if host.message is not None]
        said = None if fault else message.exit_message(texts)
        if (run.outcome.status, run.outcome.failure_reason, run.outcome.exit_message) != (*wanted, said):
            reject(
                "V18",
                f"run {run.variation!s} of {run.job} is {run.outcome.status}, but its hosts make it {wanted[0]}, or "
                "its messages differ",
            )


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
