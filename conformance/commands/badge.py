"""`processing-conformance badge`: an image for a README, and the line that shows it, of a bundle that was verified."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import quote

from conformance import text
from conformance.certificate import badge as svg
from conformance.certificate.rejected import Rejected
from conformance.commands.exits import ExitStatus
from conformance.commands.render import write
from conformance.commands.verify import of_path


def badge(arguments: argparse.Namespace) -> int:
    """Verify a bundle, write the badge and print the line of Markdown; returns the exit status.

    Raises:
        UsageError: the bundle cannot be read, or the badge not be written.
    """
    try:
        found = of_path(Path(arguments.bundle))
    except Rejected as rejected:
        sys.stderr.write(f"rejected: {rejected}\n")
        return ExitStatus.FAILED
    write(Path(arguments.output), svg.render(found))
    # Not one character of a path ends a link, or begins an address elsewhere.
    image, link = (quote(each if "/" in each else f"./{each}") for each in (arguments.output, arguments.bundle))
    sys.stdout.write(text.line(f"[![{svg.LABEL}: {svg.message(found)}]({image})]({link})") + "\n")
    return ExitStatus.COMPLETED
