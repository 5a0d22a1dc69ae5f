"""What a session with `--image` collects: always the checks, beside whatever else pytest's arguments name.

An argument may also be a check's node id as pytest prints it, `processing/exit::zero-on-success`, or a chapter of the
contract, `processing/exit`. No such path exists, so that pytest itself could not find it.
"""

from __future__ import annotations

import importlib.machinery
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import conformance
import conformance.checks
from conformance.checks import load_checks
from conformance.errors import UsageError
from conformance.rule.declaration import Check

CHECKS = Path(conformance.checks.__path__[0])
"""The directory that pytest collects in a session with `--image`."""

FOLDER = "processing/"
"""What the node ids of all checks begin with."""


def choose(config: pytest.Config) -> tuple[str, ...]:
    """Have pytest collect the checks, and return the node ids of those that its arguments name; none means all.

    Where nothing is named, the checks take the place of `testpaths`.

    Raises:
        UsageError: a node id is that of no check, or what else is named would import another `conformance`.
    """
    named = config.args if config.args_source is pytest.Config.ArgsSource.ARGS else []
    where = config.invocation_params.dir
    ours = tuple(each for each in named if _is_ours(each, where))
    others = [each for each in named if each not in ours]
    known = {place for check in load_checks() for place in (FOLDER + check.chapter, node_id(check))}
    for each in ours:
        if each.partition("[")[0] not in known:
            raise UsageError(f"expected the node id of a check, got {each!r}", hint="--collect-only lists all checks")
    if others and (rival := _rival([where, config.rootpath])):
        raise UsageError(
            f"--image: expected tests beside the checks that import no other conformance than the plugin's, but there "
            f"is {rival}",
            hint="run these tests in a session without --image",
        )
    config.args = [*others, str(CHECKS)]
    return ours


def is_chosen(config: pytest.Config, named: Sequence[str]) -> bool:
    """Whether the command line itself selects some of the checks, by name or by `-k`, `-m` or `--deselect`.

    What `addopts` or PYTEST_ADDOPTS select is not chosen for this session, and `--image-profile` demands the whole.
    """
    if config.getoption("--image-profile"):
        return False
    typed = config.invocation_params.args
    expressions = {"-k": config.option.keyword, "-m": config.option.markexpr}
    return (
        any(each in typed for each in named)
        or any("--deselect" in str(each) for each in typed)
        or any(
            expression and {expression, f"{option}{expression}", f"{option}={expression}"} & set(map(str, typed))
            for option, expression in expressions.items()
        )
    )


def node_id(check: Check, name: str = "") -> str:
    """The node id of a check's item, from which JUnit makes classname and name; `name` includes the job, if any."""
    return f"{FOLDER}{check.chapter}::{name or check.rest}"


def is_selected(item: str, named: Sequence[str]) -> bool:
    """Whether an item's node id is among those that were named, or below one; named without its job, it is of all."""
    return not named or any(item == each or item.startswith((f"{each}::", f"{each}[")) for each in named)


def _is_ours(argument: str, where: Path) -> bool:
    return argument.startswith(FOLDER) and not (where / argument.partition("::")[0]).exists()


def _rival(places: Sequence[Path]) -> str:
    """Where tests would find another package or module of the plugin's name; empty if they would not."""
    found = importlib.machinery.PathFinder.find_spec("conformance", [*sys.path, *map(str, places)])
    origins = [found.origin, *(found.submodule_search_locations or ())] if found is not None else []
    place = next((Path(each) for each in origins if each is not None), None)
    return "" if place is None or place.resolve().is_relative_to(CHECKS.parent.resolve()) else str(place)
