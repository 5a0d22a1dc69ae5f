"""However a session is ended, and at whatever moment, nothing of it is on the engine a minute later."""

from __future__ import annotations

import time

import pytest

from tests.support.terminations import SIGNALS, TARGETS, terminations


@pytest.mark.engine
def test_nothing_is_left_by_sessions_that_are_ended() -> None:
    """TERM, INT and KILL, to sessions, controllers and workers in turn."""
    seed = int(time.time())
    ended = list(terminations(len(SIGNALS) * len(TARGETS), seed))

    assert [] == [str(each) for each in ended if each.left], f"seed {seed}"
