"""The two configuration files that tell a container about its job."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.image.image import Image
from conformance.job.variation import UNKNOWN_MEMBERS
from conformance.outcome.outcome import Outcome
from conformance.rule.contract import BYOC
from conformance.rule.declaration import OBSERVED, SHOULD, check
from conformance.rule.evidence import shortfalls
from conformance.rule.sight import Sight


@check(
    "config.unknown-members-tolerated",
    SHOULD,
    "Unknown members in the configuration files are tolerated",
    job=UNKNOWN_MEMBERS,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TIMES},
    clause="AWS documents both configuration files only by example; new features add members, and members that a "
    "request omits may be null.",
    spec=BYOC / "byoc-config",
    basis=OBSERVED,
    remedy="Read the members that you need from processingjobconfig.json and resourceconfig.json and ignore the rest: "
    "no schema that forbids additional members, no class with a field for each.",
)
def unknown_members_tolerated(image: Image, good: Outcome, more: Outcome) -> Iterator[str]:
    """The same job, with members that the API has, but AWS's example does not."""
    for shortfall in shortfalls(good, more):
        yield f"Expected the same result with additional members in both configuration files, but {shortfall}."
