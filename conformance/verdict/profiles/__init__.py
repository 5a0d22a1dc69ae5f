"""Which checks need a result before a session may report that the image conforms.

Profiles are data: `*.toml` beside this file, each with a version of its own, and files of a house's own. A check that a
later version of the profile requires is announced by this one: what it finds is advice until then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from conformance.job.gpu import Choice, asks_for_gpus
from conformance.job.request import JobRequest
from conformance.rule.declaration import SHOULD
from conformance.verdict.verdict import Verdict, Word


class Scope(StrEnum):
    """How much of the contract a session can show, by its jobs; each has a profile of that name."""

    IMAGE = "image"
    """Without a job: every check that needs no request."""
    PROCESSING = "processing"
    """With a job on one host: every check that a single host can show."""
    SCRIPT = "script"
    """With a script of the suite's own on one host: every check that a single host can show."""
    DISTRIBUTED_SCRIPT = "distributed, script"
    """The same on several hosts: every check that needs no GPU."""
    DISTRIBUTED = "distributed"
    """With a job on several hosts: every check that needs no GPU."""
    GPU = "gpu"
    """With a job on one GPU instance: every check that a single host with a GPU can show."""
    DISTRIBUTED_GPU = "distributed, gpu"
    """With a job on several GPU instances: every check."""

    @property
    def has_several_hosts(self) -> bool:
        """Whether checks on several hosts are required."""
        return self in {self.DISTRIBUTED, self.DISTRIBUTED_SCRIPT, self.DISTRIBUTED_GPU}

    @property
    def has_gpus(self) -> bool:
        """Whether checks on a GPU are required, which a simulated one cannot show."""
        return self in {self.GPU, self.DISTRIBUTED_GPU}

    def includes(self, other: Scope) -> bool:
        """Whether it shows all that the other one shows; of a script of the suite's own no job of the user's."""
        if other in {Scope.IMAGE, self}:
            return True
        if {self, other} & {Scope.SCRIPT, Scope.DISTRIBUTED_SCRIPT}:
            return (self, other) == (Scope.DISTRIBUTED_SCRIPT, Scope.SCRIPT)
        several, gpus = not other.has_several_hosts or self.has_several_hosts, not other.has_gpus or self.has_gpus
        return self is not Scope.IMAGE and several and gpus


@dataclass(frozen=True, order=True)
class Version:
    """The version of a profile."""

    major: int
    minor: int

    def __str__(self) -> str:
        """As it is written."""
        return f"{self.major}.{self.minor}"

    @property
    def next_minor(self) -> Version:
        """The next one with the same major version."""
        return Version(self.major, self.minor + 1)

    @property
    def next_major(self) -> Version:
        """The first one with the next major version."""
        return Version(self.major + 1, 0)


@dataclass(frozen=True)
class Profile:
    """What has to have a result in a session of some scope; the closing line names it.

    `since` has for each check the version of this profile since which it is required; `sha256` is the file's digest.
    """

    name: str
    version: Version
    scope: Scope
    since: Mapping[str, Version]
    sha256: str

    def requires(self, check: str) -> bool:
        """Whether there has to be a result for this check."""
        return check in self.since and self.since[check] <= self.version

    def announces(self, check: str) -> bool:
        """Whether only a later version requires one."""
        return check in self.since and self.since[check] > self.version

    def described(self) -> dict[str, str]:
        """As plain data."""
        return {"name": self.name, "version": str(self.version), "sha256": self.sha256}


class ExitStatus(IntEnum):
    """The exit status of pytest in a session with `--image`; 2, 3 and 5 keep pytest's own meaning."""

    CONFORMS = 0
    VIOLATES = 1
    USAGE = 4
    INCOMPLETE = 6


INTERRUPTED, INTERNAL_ERROR, NOTHING = 2, 3, 5
"""Pytest's own statuses."""


def scope_of(requests: Iterable[JobRequest], choice: Choice = Choice.AUTO) -> Scope:
    """The scope of a session with these requests; `choice` is `--image-gpu`."""
    requests = tuple(requests)
    most = max((request.instance_count for request in requests), default=0)
    if most and (choice is Choice.REQUIRE or any(map(asks_for_gpus, requests))):
        return Scope.DISTRIBUTED_GPU if most > 1 else Scope.GPU
    if any(request.is_script for request in requests):
        return Scope.DISTRIBUTED_SCRIPT if most > 1 else Scope.SCRIPT
    return Scope.DISTRIBUTED if most > 1 else Scope.PROCESSING if most else Scope.IMAGE


def scope_named(name: str) -> Scope | None:
    """The scope of this name; None if there is none."""
    return Scope(name) if name in list(Scope) else None


def as_announced(profile: Profile, verdict: Verdict) -> Verdict:
    """The verdict as it counts: a violation of what the profile only announces is advice."""
    if verdict.word is not Word.VIOLATES or not profile.announces(verdict.check.id):
        return verdict
    since = profile.since[verdict.check.id]
    return replace(
        verdict, word=Word.ADVISED, reason=f"this {verdict.check.level} is required from {profile.name} {since} on"
    )


def missing(profile: Profile, verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts that lack a required result.

    A check that was not judged because of what another one violates or advises is not missing: the other one reports
    the flaw and decides. Advice cannot replace a MUST, though.
    """
    verdicts = tuple(verdicts)
    words = {
        (verdict.check.id, verdict.request): verdict.waived.found if verdict.waived is not None else verdict.word
        for verdict in verdicts
        if verdict.word is not Word.CONFORMS
    }

    def told(verdict: Verdict) -> Word | None:
        # What explains it is a flaw that the same job showed, or the image alone.
        return words.get((verdict.see, verdict.request), words.get((verdict.see, "")))

    return tuple(verdict for verdict in verdicts if _is_missing(profile, verdict, told(verdict)))


def _is_missing(profile: Profile, verdict: Verdict, told: Word | None) -> bool:
    if verdict.word is Word.ERROR:
        return True
    enough = {Word.VIOLATES, Word.WAIVED} | ({Word.ADVISED} if verdict.check.level is SHOULD else set())
    if verdict.word is not Word.NOT_JUDGED or told in enough:
        return False
    return verdict.applies and profile.requires(verdict.check.id)


def exit_status(
    profile: Profile, verdicts: Iterable[Verdict], *, strict: bool, complete: bool, stale: bool = False
) -> ExitStatus:
    """0 if everything required has a result and nothing violates, 1 if something violates, else 6.

    `stale` says that a waiver is expired or matches nothing, which is as bad as what it would hide.
    `complete` says whether no check is absent that was to be run, and the session came to a good end. Without any
    judgement of the image by a check that is required, the status is never 0.
    """
    verdicts = tuple(verdicts)
    failing = {Word.VIOLATES, Word.ADVISED} if strict else {Word.VIOLATES}
    if stale or any(verdict.word in failing for verdict in verdicts):
        return ExitStatus.VIOLATES
    # Where all that a profile requires is found not to apply, nothing of it was judged.
    asked = [verdict for verdict in verdicts if profile.requires(verdict.check.id)] or verdicts
    judged = any(verdict.word not in {Word.NOT_JUDGED, Word.ERROR} for verdict in asked)
    if not complete or not judged or missing(profile, verdicts):
        return ExitStatus.INCOMPLETE
    return ExitStatus.CONFORMS
