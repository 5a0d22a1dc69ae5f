"""The job that an image brings: its label `conformance.job` is the request, or the path of its file in the image."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from conformance.image.image import Image
from conformance.job.inputs import find_inputs
from conformance.job.jsonfile import request_in
from conformance.job.validation import checked
from conformance.session.options import Options, settled

LABEL = "conformance.job"


@dataclass(frozen=True)
class Brought:
    """The options with the image's own job, and a line on it: empty if there is no label.

    `requests` is what the report says of it: its name, where it is from, and the digest of its bytes.
    """

    options: Options
    told: str = ""
    requests: tuple[tuple[str, str, str], ...] = ()


def complete(options: Options, image: Image, read_file: Callable[[str], bytes]) -> Brought:
    """The options with the image's own job if the user gives none.

    Raises:
        ImageError: the label names a file that the image does not have.
        RequestError: the service would reject the request.
        UsageError: `--image-s3` lacks an object that the job reads, or an option does not fit the job, or needs one.
    """
    said = image.labels.get(LABEL, "").strip()
    if options.requests:
        return Brought(options, f"label {LABEL} is not used, since --image-job is given" if said else "")
    if not said:
        return Brought(settled(options))
    if said.startswith("{"):
        content, source = said.encode("utf-8", "surrogateescape"), f"label {LABEL} of {image.reference}"
    else:
        content, source = read_file(said), f"{said} of {image.reference}"
    request = checked(request_in(content, source), source)
    if request.inputs and options.objects is None:
        return Brought(settled(options), f"the job of {source} is not run: its inputs need --image-s3=DIR")
    find_inputs(request, options.objects)
    with_job = settled(replace(options, requests=(replace(request, is_brought=True),)))
    record = (request.name, source, hashlib.sha256(content).hexdigest())
    return Brought(with_job, f"job {request.name} from {source}", (record,))
