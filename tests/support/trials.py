"""A job by what makes it fail, and the runs that the rules of its causes ask for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Conditions, Lifted
from conformance.job.request import JobRequest
from conformance.outcome.outcome import Outcome
from conformance.rule.causes import MOST_RUNS, Tried, next_conditions
from tests.support.outcomes import OUTPUT, file, host, image, outcome

WORDS = {
    Lifted.OWNERS: "PermissionError: [Errno 13] Permission denied: 'summary.csv'",
    Lifted.NO_NETWORK: "OSError: no network interface",
    Lifted.SHARED_MEMORY: "RuntimeError: unable to open shared memory object",
    Lifted.MOUNTS: "OSError: [Errno 18] Invalid cross-device link: '/tmp/x' -> '/opt/ml/processing/output/result/x'",
    Lifted.MEMBERS: "KeyError: 'network_interface_name'",
}
"""What a program says that fails of a choice."""

EVERYTHING = "\n".join(WORDS.values())


@dataclass(frozen=True)
class Flaw:
    """What a job needs lifted before it succeeds, whether the tracer or other runs keep it from that, and its words.

    `chances` are the runs that fail whatever the conditions, by number; `fails` is that all of them do.
    """

    needs: frozenset[Lifted] = frozenset()
    of_tracer: bool = False
    of_neighbours: bool = False
    fails: bool = False
    chances: frozenset[int] = frozenset()
    said: str = "ValueError: nothing to do"

    def ends(self, number: int, conditions: Conditions, *, alone: bool, of: JobRequest | None = None) -> Outcome:
        """How a run of the job ends: the first one has the number 0."""
        failed = (
            self.fails
            or number in self.chances
            or not self.needs <= conditions.lifted
            or (self.of_tracer and conditions.traced)
            or (self.of_neighbours and not alone)
        )
        ended = host(exit_code=1, stderr=self.said) if failed else host(file(f"{OUTPUT}/part-1"))
        return replace(outcome(ended, of=of), conditions=conditions, seconds=float(number))


def runs(flaw: Flaw, of: Image | None = None, *, asked: JobRequest | None = None) -> list[Tried]:
    """All runs that the rules ask for, or one more than anybody wants to wait for."""
    tried = [Tried(flaw.ends(0, AS_CHOSEN, alone=False, of=asked), alone=False)]
    while len(tried) <= MOST_RUNS and (conditions := next_conditions(of or image(), tried)) is not None:
        tried.append(Tried(flaw.ends(len(tried), conditions, alone=True, of=asked)))
    return tried


def made(tried: list[Tried]) -> Iterator[str]:
    """The conditions of these runs in short."""
    for each in tried:
        conditions = each.outcome.conditions
        lifted = "+".join(sorted(choice.name for choice in conditions.lifted))
        yield f"{'traced' if conditions.traced else 'untraced'}{' ' + lifted if lifted else ''}"
