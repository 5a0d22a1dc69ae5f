"""The names that someone may have meant by a name that does not exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

MOST_NAMED = 3


def nearest(name: str, choices: Iterable[str]) -> list[str]:
    """The choices that are spelled most like a name, the best one first; case, `_` and `-` make no difference.

    A choice that ends in the name, such as `ml.m5.xlarge` for `m5.xlarge`, is nearer than any other.
    """
    word = _folded(name)
    folded = {_folded(choice): choice for choice in choices}
    whole = [choice for choice in folded if word and choice.endswith(word)][:1]
    return [folded[match] for match in whole or difflib.get_close_matches(word, folded, MOST_NAMED)]


def _folded(name: str) -> str:
    return name.casefold().replace("_", "").replace("-", "")
