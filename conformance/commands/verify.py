"""`processing-conformance verify`: whether a bundle keeps the rules, and on request whether its image still does."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from conformance import text
from conformance.certificate import bundle
from conformance.certificate.rejected import Rejected, reject
from conformance.certificate.verification import Verified
from conformance.certificate.verification import verify as verified
from conformance.commands import again
from conformance.commands.console import say_sometimes
from conformance.commands.exits import ExitStatus
from conformance.commands.shared import image_reference
from conformance.errors import UsageError
from conformance.reports import conclusion
from conformance.service import engine, inspection
from conformance.verdict.verdict import Word

NOTE = (
    "Nobody can tell from a bundle alone whether its outcomes were made up: a signature says who answers for them, "
    "and --again makes them anew."
)


def verify(arguments: argparse.Namespace) -> int:
    """Verify a bundle and print what it certifies; returns the exit status.

    Raises:
        UsageError: an option is wrong, or the bundle cannot be read.
        EngineError: the engine cannot be used.
        ImageError: there is no such image.
        JobError: the image could not be checked again.
    """
    if not arguments.again and (arguments.s3 is not None or arguments.report is not None):
        raise UsageError("--s3 and --report: expected --again as well, which checks the image again")
    notes: list[str] = []
    try:
        found = of_path(Path(arguments.bundle))
        if arguments.image is not None:
            _check_image(found, image_reference(arguments.image))
        if arguments.again:
            notes = again.check(found, arguments.s3, arguments.report)
    except Rejected as rejected:
        sys.stderr.write(f"rejected: {rejected}\n")
        return ExitStatus.FAILED
    notes = [f"note: {note}" for note in notes]
    sys.stdout.write("".join(f"{text.line(line)}\n" for line in (*notes, *told(found))))
    return ExitStatus.COMPLETED


def of_path(path: Path) -> Verified:
    """What a bundle certifies now; raises `Rejected` where it breaks a rule."""
    return verified(bundle.read(path), now=datetime.now(UTC))


def told(found: Verified) -> list[str]:
    """What is certified, in lines."""
    product, document = found.product, found.document
    advised = document["counts"][Word.ADVISED]
    warnings = f", {conclusion.counted(advised, 'warning')}" if advised else ""
    profile = document["profile"]
    return [
        f"verified: {product.product} {product.version} of {product.vendor} ({product.contact})",
        f"image {product.image}",
        f"profile {profile['name']} {profile['version']}, contract {document['contract']}, {conclusion.share(document)}"
        + warnings,
        f"jobs {', '.join(product.jobs)}, whose requests are in the bundle",
        f"certified on {document['session']['ended'][:10]}, valid until {found.expires:%Y-%m-%d}",
        NOTE,
    ]


def _check_image(found: Verified, reference: str) -> None:
    """Raise `Rejected` where a reference is not to the image that is certified."""
    digest = reference.partition("@")[2]
    if not digest:
        pinned = inspection.find(engine.connect(), reference, say_sometimes()).pinned
        known = {each.partition("@")[2] for each in pinned}
        digest = found.product.digest if found.product.digest in known else " or ".join(sorted(known))
    if digest != found.product.digest:
        reject("V07", f"{reference} is {digest or 'known to no registry'}, and not {found.product.digest}")
