"""The job that an image brings: its label `conformance.job` is the request, or the path of its file in the image."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from conformance.image.image import Image
from conformance.job.jsonfile import request_in
from conformance.job.validation import checked
from conformance.session.options import Options, find_inputs

LABEL = "conformance.job"


def complete(options: Options, image: Image, read_file: Callable[[str], bytes]) -> tuple[Options, str]:
    """The options with the image's own job if the user gives none, and a line on it; empty if there is no label.

    Raises:
        ImageError: the label names a file that the image does not have.
        RequestError: the service would reject the request.
        UsageError: `--image-s3` lacks an object that the job reads.
    """
    said = image.labels.get(LABEL, "").strip()
    if not said:
        return options, ""
    if options.requests:
        return options, f"label {LABEL} is not used, since --image-job is given"
    if said.startswith("{"):
        content, source = said.encode("utf-8", "surrogateescape"), f"label {LABEL} of {image.reference}"
    else:
        content, source = read_file(said), f"{said} of {image.reference}"
    request = checked(request_in(content, source), source)
    if request.inputs and options.objects is None:
        return options, f"the job of {source} is not run: its inputs need --image-s3=DIR"
    find_inputs(request, options.objects)
    return replace(options, requests=(request,)), f"job {request.name} from {source}"
