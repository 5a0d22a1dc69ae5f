"""Which objects the files of an output become."""

from __future__ import annotations

from conformance.files.tree import File, Kind, kept_back
from conformance.image.image import Image
from conformance.job.objects import S3Uri, uploaded_to
from conformance.job.request import ProcessingOutput
from conformance.outcome.outcome import Host, Outcome

UPLOADED = frozenset({Kind.FILE, Kind.DIRECTORY})
"""What of an output is uploaded, a directory with all that it holds."""


def uploaded_target(image: Image, outcome: Outcome, host: Host, link: File) -> str:
    """What a link leads to, links within it followed, where it lies in an output; empty where it is not uploaded."""
    found = host.files.resolve(link.path).file
    for output in outcome.request.outputs:
        # A directory of an output's own is as good as the files that it holds.
        if found is not None and found.path.startswith(output.directory + "/") and found.kind in UPLOADED:
            return "" if kept_back(found.path, output.directory, image.volumes) else found.path
    return ""


def key_bytes(file: File, output: ProcessingOutput) -> int:
    """How long the key of a file would be."""
    return uploaded_to(S3Uri.parse(output.s3_uri), file.path.removeprefix(output.directory + "/")).key_bytes
