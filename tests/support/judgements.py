"""What the tests of checks have judged: each image with its outcomes, so that they can be judged with other evidence.

As a plugin of a session of its own it keeps what `judged` was given; `of_tests` runs that session. So every outcome
that a test has made by hand is there, and each new test adds to them.
"""

from __future__ import annotations

import functools
import os
import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from conformance.checks import load_checks
from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.outcome.outcome import Outcome
from conformance.rule.declaration import Check, Registry
from conformance.verdict.verdict import Verdict, judge
from tests.support import outcomes as by_hand

KEPT_IN = "KEEP_JUDGEMENTS_IN"
"""The variable that names the file in which a session keeps them."""

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Judgement:
    """What one check was given; `runs` are the outcomes by which a static rule is overruled."""

    check_id: str
    image: Image
    requests: tuple[JobRequest, ...] = ()
    outcomes: tuple[Outcome, ...] = ()
    runs: tuple[Outcome, ...] = ()

    @property
    def seen(self) -> tuple[Outcome, ...]:
        """All runs, in an order that `showing` keeps."""
        return self.outcomes + self.runs

    def showing(self, seen: Sequence[Outcome]) -> Judgement:
        """The same with other evidence."""
        count = len(self.outcomes)
        return replace(self, outcomes=tuple(seen[:count]), runs=tuple(seen[count:]))

    def verdict(self, check: Check) -> Verdict:
        """What becomes of it, by the check as it is declared or as a test has changed it."""
        return judge(check, self.image, self.requests, self.outcomes, registry=load_checks(), runs=self.runs)


def of_tests(folder: Path) -> tuple[Judgement, ...]:
    """All that the tests of checks give to checks which judge runs, each once; the folder is for a file of them."""
    kept = folder / "judgements"
    command = [sys.executable, "-m", "pytest", "-q", "-p", __name__, "-p", "no:cacheprovider", "--hypothesis-seed=0"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    # Whether these tests pass is told where they run by themselves.
    subprocess.run(
        [*command, "tests/checks", "--ignore=tests/checks/test_blanking.py"],
        cwd=ROOT,
        env={**inherited, KEPT_IN: str(kept)},
        capture_output=True,
        check=False,
    )
    found: tuple[Judgement, ...] = pickle.loads(kept.read_bytes())  # noqa: S301 - what the session above wrote
    return found


class Keeper:
    """Stands in for `judge`, and keeps what it was given."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._kept: dict[bytes, Judgement] = {}

    @functools.wraps(judge)
    def __call__(
        self,
        check: Check,
        image: Image,
        requests: Sequence[JobRequest] = (),
        outcomes: Sequence[Outcome] = (),
        *,
        registry: Registry,
        runs: Sequence[Outcome] = (),
        reproduce: str = "",
    ) -> Verdict:
        """Judge, and keep it where there is a run to be seen."""
        judgement = Judgement(check.id, image, tuple(requests), tuple(outcomes), tuple(runs))
        if judgement.seen:
            self._kept.setdefault(pickle.dumps(judgement), judgement)
        return judge(check, image, requests, outcomes, registry=registry, runs=runs, reproduce=reproduce)

    def pytest_sessionfinish(self) -> None:
        """Write them."""
        Path(os.environ[KEPT_IN]).write_bytes(pickle.dumps(tuple(self._kept.values())))


def pytest_configure(config: pytest.Config) -> None:
    """Take the place of what the hand-made outcomes are judged by."""
    if KEPT_IN in os.environ:
        keeper = Keeper()
        config.pluginmanager.register(keeper)
        by_hand.judge = keeper  # type: ignore[attr-defined,assignment] # the name by which `judged` calls it
