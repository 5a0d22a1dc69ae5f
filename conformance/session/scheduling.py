"""How pytest-xdist hands out the checks: those of one request to one worker."""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from conformance.rule.declaration import Registry
from conformance.session.selection import node_id


class RequestScheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist's schedulers have no types
    """Scopes are the user's requests, so that all that is said of a job is said of the same runs.

    A job that two workers run may end in two ways, and a verdict would not be of the run that the report tells of.
    """

    def __init__(self, config: pytest.Config, log: Any, checks: Registry) -> None:  # noqa: ANN401 - xdist's own
        """Know the checks by the ids of their items."""
        super().__init__(config, log)
        self._ours = set(map(node_id, checks))

    def _split_scope(self, nodeid: str) -> str:
        # xdist's own schedulers differ from this one in this method alone; it has no other way to name a scope.
        name, bracket, request = nodeid.partition("[")
        if name not in self._ours:
            return str(super()._split_scope(nodeid))
        return f"processing{bracket}{request}"
