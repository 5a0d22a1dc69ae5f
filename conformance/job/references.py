"""What a pipeline's definition leaves open until it is executed: references, and what is joined from them.

Source: the developer guide, "Amazon SageMaker Pipelines", and the definitions that the SageMaker Python SDK writes:
`{"Get": "Parameters.Count"}` is a value by its name, `{"Std:Join": {"On": "/", "Values": [...]}}` a string.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from conformance.job.jsonfile import entries, part

GET = "Get"
JOIN = "Std:Join"
FUNCTION = "Std:"


def resolved(value: object, get: Callable[[str], Any]) -> Any:  # noqa: ANN401 - any JSON value
    """A value in which each reference is what `get` says of its name; of a function other than Std:Join, of its own."""
    if isinstance(value, list):
        return [resolved(each, get) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {GET}:
        return get(str(value[GET]))
    if value.keys() == {JOIN}:
        joined = part(value, JOIN)
        values = (resolved(each, get) for _, each in entries(joined.get("Values"), object))
        return str(joined.get("On", "")).join(map(_text, values))
    if function := _function(value):
        return get(function)
    return {name: resolved(each, get) for name, each in value.items()}


def names(value: object) -> Iterator[str]:
    """Every name that is referred to, also within functions."""
    if isinstance(value, list):
        for each in value:
            yield from names(each)
    elif isinstance(value, dict):
        if value.keys() == {GET}:
            yield str(value[GET])
        for each in value.values():
            yield from names(each)


def _function(value: dict[str, Any]) -> str:
    """The function that a value is of, such as Std:JsonGet; empty where it is none."""
    return next((name for name in value if len(value) == 1 and name.startswith(FUNCTION)), "")


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
