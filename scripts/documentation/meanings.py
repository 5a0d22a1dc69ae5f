"""What the code says of the names that the pages use: the docstrings below the members of a class."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise


def of_members(owner: type) -> dict[str, str]:
    """The docstring of each member that has one, by the member's name."""
    (declared,) = ast.parse(inspect.getsource(owner)).body
    assert isinstance(declared, ast.ClassDef)  # noqa: S101 - for mypy
    return {
        target.id: inspect.cleandoc(said.value.value)
        for member, said in pairwise(declared.body)
        if isinstance(member, ast.Assign)
        and isinstance(said, ast.Expr)
        and isinstance(said.value, ast.Constant)
        and isinstance(said.value.value, str)
        for target in member.targets
        if isinstance(target, ast.Name)
    }
