"""The two documents that tell a container about its job."""

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
    "Members of the two documents that are not documented do no harm",
    job=UNKNOWN_MEMBERS,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TIMES},
    clause="AWS shows both documents by an example and promises no more than its members; others come with new "
    "features, and members that a request leaves out are null.",
    spec=BYOC / "byoc-config",
    basis=OBSERVED,
    remedy="Take from processingjobconfig.json and resourceconfig.json the members that are needed, and let the rest "
    "be: no schema that forbids further members, no class with one field for each.",
)
def unknown_members_tolerated(image: Image, good: Outcome, more: Outcome) -> Iterator[str]:
    """The same job, with members that the API has and the example has not."""
    for shortfall in shortfalls(good, more):
        yield f"Expected the job to do the same where both documents have further members, and {shortfall}."
