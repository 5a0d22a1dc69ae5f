"""As many workers of pytest-xdist as a session has use for: one for each job, and none for a single one.

All that is said of a job is said of the same runs, so that one worker has all of its checks. The start of a worker
takes longer than most runs, and one that gets no job only takes time from those that have one.
"""

from __future__ import annotations

import pytest

from conformance.session.selection import CHECKS


def limit(config: pytest.Config, jobs: int) -> str:
    """Have no more workers than there are jobs, where `-n` asks for more; returns what to say of it, if anything.

    Where tests of others run beside the checks, and where `--dist` and `--tx` name the workers themselves, all stay.
    To be called before pytest-xdist looks at its options.
    """
    asked = config.getoption("numprocesses", None)
    if not asked or asked <= jobs or config.args != [str(CHECKS)]:
        return ""
    # As pytest-xdist itself leaves its options, which other plugins look at, too.
    config.option.numprocesses = jobs if jobs > 1 else 0
    if jobs > 1:
        config.option.tx = config.option.tx[:jobs]
        return f"-n {asked}: {jobs} workers, since one worker has all checks of a job"
    config.option.tx = []
    config.option.dist = "no"
    return f"-n {asked}: no workers, since there are no several jobs to distribute"
