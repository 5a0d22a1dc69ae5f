"""What a request breaks of the API model, in the words in which AWS itself says so.

The form is public from users' reports of `ValidationException`: values are quoted, members begin with a small letter,
and entries of a list are counted from 1 as `member`. What a map's keys and values break is inferred from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import regex

from conformance.job.jsonfile import json_type
from conformance.job.model import SURROGATE, TYPES, input_shape, python_pattern
from conformance.serve import faults


def checked(operation: str, document: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    """The members of a request that its operation has.

    Raises:
        Fault: it is none that AWS can read, or breaks the API model.
    """
    if wrong := wrong_type(operation, document):
        raise faults.unreadable(wrong)
    if found := broken(operation, document):
        raise faults.invalid(found)
    return known(operation, document)


def wrong_type(operation: str, document: object) -> str:
    """The first value of a type that the operation's input cannot have, which AWS does not even read; empty if none."""
    return next(_wrong_types("", document, input_shape(operation)), "")


def broken(operation: str, document: dict[str, Any]) -> tuple[str, ...]:
    """Every constraint of the operation's input that a request of the right types breaks; unknown members pass."""
    return tuple(_broken("", document, input_shape(operation)))


def known(operation: str, document: dict[str, Any]) -> dict[str, Any]:
    """The members of a request that its operation has; AWS takes no notice of others, nor of those that are null."""
    found: dict[str, Any] = _known(document, input_shape(operation))
    return found


def _known(value: Any, shape: Any) -> Any:  # noqa: ANN401 - any JSON value, and botocore's shapes share no typed base
    if shape.type_name == "structure":
        members = shape.members
        return {
            name: _known(content, members[name])
            for name, content in value.items()
            if name in members and content is not None
        }
    if shape.type_name == "list":
        return [_known(content, shape.member) for content in value if content is not None]
    return value


def _wrong_types(path: str, value: object, shape: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    if value is None:
        return
    expected = (int, float) if shape.type_name == "timestamp" else TYPES[shape.type_name]
    if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
        yield f"{path or 'the request'}: expected a {shape.type_name}, got a JSON {json_type(value)}"
        return
    if isinstance(value, str) and SURROGATE.search(value):
        yield f"{path}: expected Unicode text, got an unpaired surrogate"
    for place, content, inner in _parts(path, value, shape):
        yield from _wrong_types(place, content, inner)


def _parts(path: str, value: Any, shape: Any) -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401 - any JSON value
    """What a value consists of, each with its path and shape."""
    if shape.type_name == "structure":
        for name, content in value.items():
            if name in shape.members and content is not None:
                yield _join(path, name), content, shape.members[name]
    elif shape.type_name == "list":
        for number, content in enumerate(value, 1):
            yield f"{path}.{number}.member", content, shape.member
    elif shape.type_name == "map":
        for name, content in value.items():
            yield f"{path}.{name}", content, shape.value


def _broken(path: str, value: Any, shape: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    yield from (_failed(value, path, rule) for rule in _rules_broken(value, shape))
    if shape.type_name == "structure":
        missing = [name for name in shape.required_members if value.get(name) is None]
        yield from (_failed(None, _join(path, name), "Member must not be null") for name in missing)
    if shape.type_name == "map":
        keys = [name for name in value if next(_rules_broken(name, shape.key), None)]
        contents = [content for content in value.values() if next(_rules_broken(content, shape.value), None)]
        if keys:
            yield _failed(value, path, f"Map keys must satisfy constraint: [{', '.join(_rules(shape.key))}]")
        if contents:
            yield _failed(value, path, f"Map value must satisfy constraint: [{', '.join(_rules(shape.value))}]")
        return
    for place, content, inner in _parts(path, value, shape):
        yield from _broken(place, content, inner)


def _failed(value: object, path: str, rule: str) -> str:
    said = "null" if value is None else f"'{_shown(value)}'"
    return f"Value {said} at '{path}' failed to satisfy constraint: {rule}"


def _rules_broken(value: Any, shape: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    limits = shape.metadata
    measured = len(value) if isinstance(value, str | list | dict) else value
    if "min" in limits and measured < limits["min"]:
        yield _least(shape)
    if "max" in limits and measured > limits["max"]:
        yield _most(shape)
    if "enum" in limits and value not in limits["enum"]:
        yield f"Member must satisfy enum value set: [{', '.join(limits['enum'])}]"
    if "pattern" in limits and not regex.fullmatch(python_pattern(limits["pattern"]), value):
        yield f"Member must satisfy regular expression pattern: {limits['pattern']}"


def _rules(shape: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """Every rule of a shape, in the order in which AWS lists those of a map's keys."""
    if "max" in shape.metadata:
        yield _most(shape)
    if "min" in shape.metadata:
        yield _least(shape)
    if "pattern" in shape.metadata:
        yield f"Member must satisfy regular expression pattern: {shape.metadata['pattern']}"


def _least(shape: Any) -> str:  # noqa: ANN401 - as above
    return f"Member must have {_measure(shape)} greater than or equal to {shape.metadata['min']}"


def _most(shape: Any) -> str:  # noqa: ANN401 - as above
    return f"Member must have {_measure(shape)} less than or equal to {shape.metadata['max']}"


def _measure(shape: Any) -> str:  # noqa: ANN401 - as above
    return "length" if shape.type_name in {"string", "list", "map"} else "value"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}={_shown(content)}' for name, content in value.items())}}}"
    return str(value)


def _join(path: str, name: str) -> str:
    small = name[:1].lower() + name[1:]
    return f"{path}.{small}" if path else small
