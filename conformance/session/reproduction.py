"""What a session says of how to see a violation again: the command line, and where its logs are."""

from __future__ import annotations

from pathlib import Path

from conformance.job.conditions import AS_CHOSEN
from conformance.judging.judging import Evidence
from conformance.outcome.gpu import NO_GPUS
from conformance.reports.reproduce import Manner, command_line
from conformance.rule.declaration import Check
from conformance.service.platforms import AWS
from conformance.session.session import Session


def line(session: Session, check: Check, shown: Evidence) -> str:
    """The command line that shows it."""
    last = shown.outcomes[-1] if shown.outcomes else None
    chosen = session.options
    return command_line(
        check,
        session.image,
        shown.reproduced,
        chosen.objects,
        chosen.report,
        network=chosen.network,
        gpus=last.gpus if last else NO_GPUS,
        memory_bytes=last.hosts[0].memory_bytes if last else 0,
        conditions=last.conditions if last else AS_CHOSEN,
        halted=last.was_halted if last else False,
        aws=last is not None and last.calls is not None,
        manner=Manner(
            copies_into_mounts=session.service.copies_into_mounts,
            platform=AWS if session.service.emulates else "",
            runtime=session.options.limits.get("runtime", ""),
        ),
    )


def place(session: Session, here: Path) -> Path:
    """The directory of the reports, relative to `here` where it is below."""
    report = session.options.report
    return report.relative_to(here) if report.is_relative_to(here) else report
