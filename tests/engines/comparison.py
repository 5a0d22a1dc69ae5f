"""What the suite makes of the same images on another engine: verdict by verdict, beside those of the machine's own."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import docker

from images.builder import build
from tests.conftest import ROOT, declared_failure, flawed_folders, reference_job
from tests.engines.running import Running
from tests.support.judged import LIMIT_SECONDS, options_of, session, verdicts

SKLEARN = (f"--image-job={ROOT / 'fixtures/sklearn/job.json'}", f"--image-s3={ROOT / 'fixtures/sklearn/s3'}")
WORDCOUNT = (*reference_job(job=ROOT / "fixtures/wordcount/job.json"), "--image-hosts=3", "--image-grace=2")


SESSION = "(session)"
"""Stands for a check where a session has no report."""


@dataclass(frozen=True)
class Case:
    """An image below images/ and the options that it is judged with."""

    name: str
    options: tuple[str, ...]


GOOD = (
    Case("reference", options_of("reference")),
    Case("examples/sklearn", SKLEARN),
    Case("examples/wordcount", WORDCOUNT),
)


def flawed(*, all_of_them: bool) -> tuple[Case, ...]:
    """Every flawed image, or the first for each chapter of the contract."""
    names = flawed_folders()
    if not all_of_them:
        chapters = {chapter: name for name in reversed(names) if (chapter := _chapter(name))}
        names = sorted(set(chapters.values()))
    return tuple(Case(name, options_of(name)) for name in names)


def _chapter(name: str) -> str:
    """The chapter whose check an image fails, where it is one alone."""
    failing = declared_failure(name)
    return next(iter(failing)).partition(".")[0] if len(failing) == 1 else ""


@dataclass(frozen=True)
class Judged:
    """What came of one session: the verdict on each check, why, and its length in seconds."""

    verdicts: Mapping[str, str]
    reasons: Mapping[str, str]
    seconds: float


@dataclass(frozen=True)
class Difference:
    """A check on which two engines have another verdict; `why` is what the other one's report says."""

    check: str
    default: str
    other: str
    why: str


def of_length(difference: Difference) -> str:
    """The reason where one engine was quick enough for the job to have ended before it could be stopped."""
    is_stop = difference.check.startswith("stop.") and "not applicable" in {difference.default, difference.other}
    return "on one of the two the job is too short to be stopped" if is_stop else ""


@dataclass(frozen=True)
class Comparison:
    """The machine's own engine, by which others are measured; what was judged on it is kept."""

    _judged: dict[str, Judged] = field(default_factory=dict)

    @cached_property
    def _client(self) -> docker.DockerClient:
        return docker.from_env()

    def tag(self, case: Case) -> str:
        """The tag of a case's image, which is built where it is missing."""
        return build.build(case.name, self._client)

    def on(self, engine: Running, case: Case) -> tuple[Judged, Judged, list[Difference]]:
        """A case as it is judged here and there, and in what the two differ."""
        tag = self.tag(case)
        if case.name not in self._judged:
            self._judged[case.name] = _judge(tag, case, {})
        take_over(self._client.api, engine, tag)
        here, there = self._judged[case.name], _judge(tag, case, {"DOCKER_HOST": engine.address})
        return here, there, list(differences(here, there))


def take_over(client: docker.APIClient, engine: Running, tag: str) -> None:
    """Give an engine an image of another one, as `docker save | docker load` does."""
    other = engine.client()
    try:
        for line in other.load_image(client.get_image(tag)):
            assert "error" not in line, line
    finally:
        other.close()


def _judge(tag: str, case: Case, environment: Mapping[str, str]) -> Judged:
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        try:
            ran = session(tag, case.options, Path(directory), environment)
            document = ran.report["verdicts"]
        except (subprocess.TimeoutExpired, FileNotFoundError) as error:
            lacking = isinstance(error, FileNotFoundError)
            why = ran.output.strip().splitlines()[-1] if lacking else f"not done after {LIMIT_SECONDS} s"
            return Judged({SESSION: "no report"}, {SESSION: why}, time.monotonic() - begun)
        reasons = {each["check"]: each["reason"] or " ".join(each["violations"]) for each in document}
        return Judged(verdicts(ran), reasons, time.monotonic() - begun)


def differences(here: Judged, there: Judged) -> Iterator[Difference]:
    """Each check whose verdict is another one there; a session without a report is one difference alone."""
    if SESSION in there.verdicts and SESSION not in here.verdicts:
        yield Difference(SESSION, "a report", there.verdicts[SESSION], there.reasons[SESSION])
        return
    for check in sorted(here.verdicts.keys() | there.verdicts.keys()):
        default, other = here.verdicts.get(check, "none"), there.verdicts.get(check, "none")
        if default != other:
            yield Difference(check, default, other, there.reasons.get(check, ""))
