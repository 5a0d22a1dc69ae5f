"""Which checks need a result before a session may report that the image conforms."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum, StrEnum

from conformance.job.gpu import Choice, asks_for_gpus
from conformance.job.request import JobRequest
from conformance.job.variation import LOOK_AT_GPUS
from conformance.rule.declaration import SHOULD, Check
from conformance.verdict.verdict import Verdict, Word


class Profile(StrEnum):
    """What a session checks; the closing line names it."""

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

    def includes(self, other: Profile) -> bool:
        """Whether it requires all that the other one requires; of a script of the suite's own no job of the user's."""
        if other in {Profile.IMAGE, self}:
            return True
        if {self, other} & {Profile.SCRIPT, Profile.DISTRIBUTED_SCRIPT}:
            return (self, other) == (Profile.DISTRIBUTED_SCRIPT, Profile.SCRIPT)
        several, gpus = not other.has_several_hosts or self.has_several_hosts, not other.has_gpus or self.has_gpus
        return self is not Profile.IMAGE and several and gpus


class ExitStatus(IntEnum):
    """The exit status of pytest in a session with `--image`; 2, 3 and 5 keep pytest's own meaning."""

    CONFORMS = 0
    VIOLATES = 1
    USAGE = 4
    INCOMPLETE = 6


def profile_of(requests: Iterable[JobRequest], choice: Choice = Choice.AUTO) -> Profile:
    """The profile of a session with these requests; `choice` is `--image-gpu`."""
    requests = tuple(requests)
    most = max((request.instance_count for request in requests), default=0)
    if most and (choice is Choice.REQUIRE or any(map(asks_for_gpus, requests))):
        return Profile.DISTRIBUTED_GPU if most > 1 else Profile.GPU
    if any(request.is_script for request in requests):
        return Profile.DISTRIBUTED_SCRIPT if most > 1 else Profile.SCRIPT
    return Profile.DISTRIBUTED if most > 1 else Profile.PROCESSING if most else Profile.IMAGE


def requires(profile: Profile, check: Check) -> bool:
    """Whether a profile requires a result for this check."""
    if profile is not Profile.IMAGE:
        if check.job is LOOK_AT_GPUS:
            return profile.has_gpus
        return profile.has_several_hosts or check.chapter != "hosts"
    return check.job is None or not check.job.needs_request


def missing(profile: Profile, verdicts: Iterable[Verdict]) -> tuple[Verdict, ...]:
    """The verdicts that lack a required result.

    A check that was not judged because of what another one violates or advises is not missing: the other one reports
    the flaw and decides. Advice cannot replace a MUST, though.
    """
    verdicts = tuple(verdicts)
    words = {verdict.check.id: verdict.word for verdict in verdicts if verdict.word is not Word.CONFORMS}
    return tuple(verdict for verdict in verdicts if _is_missing(profile, verdict, words.get(verdict.see)))


def _is_missing(profile: Profile, verdict: Verdict, told: Word | None) -> bool:
    if verdict.word is Word.ERROR:
        return True
    enough = {Word.VIOLATES, Word.WAIVED} | ({Word.ADVISED} if verdict.check.level is SHOULD else set())
    if verdict.word is not Word.NOT_JUDGED or told in enough:
        return False
    return verdict.applies and requires(profile, verdict.check)


def exit_status(profile: Profile, verdicts: Iterable[Verdict], *, strict: bool, complete: bool) -> ExitStatus:
    """0 if everything required has a result and nothing violates, 1 if something violates, else 6.

    `complete` says whether no check is absent that was to be run, and the session came to a good end. Without any
    judgement of the image, the status is never 0.
    """
    verdicts = tuple(verdicts)
    failing = {Word.VIOLATES, Word.ADVISED} if strict else {Word.VIOLATES}
    if any(verdict.word in failing for verdict in verdicts):
        return ExitStatus.VIOLATES
    judged = any(verdict.word not in {Word.NOT_JUDGED, Word.ERROR} for verdict in verdicts)
    if not complete or not judged or missing(profile, verdicts):
        return ExitStatus.INCOMPLETE
    return ExitStatus.CONFORMS
