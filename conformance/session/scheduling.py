"""How pytest-xdist hands out the checks: those of one job to one worker."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from conformance.rule.declaration import Registry


class JobScheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist's schedulers have no types
    """Scopes are jobs; a job that begins with the runs of another shares its worker, and so its runs."""

    def __init__(self, config: pytest.Config, log: Any, checks: Registry) -> None:  # noqa: ANN401 - xdist's own
        """Know each check's job by the id of its item."""
        super().__init__(config, log)
        self._scopes = {
            f"processing/{check.chapter}::{check.rest}": check.job.runs[0] if check.job else "image" for check in checks
        }

    def _split_scope(self, nodeid: str) -> str:
        # xdist's own schedulers differ from this one in this method alone; it has no other way to name a scope.
        name, bracket, request = nodeid.partition("[")
        scope = self._scopes.get(name)
        return f"{scope}{bracket}{request}" if scope else str(super()._split_scope(nodeid))
