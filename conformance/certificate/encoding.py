"""Frozen dataclasses as JSON and back, without loss: which types there are is read from their annotations alone.

A field with its default is left out. Bytes are base64, and what has an order keeps it. Nothing that is read can name a
type, so that data never decides what is made of it.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import types
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, NoReturn, Union, get_args, get_origin, get_type_hints

LARGEST_NUMBER = (1 << 63) - 1


def encode(value: Any) -> Any:  # noqa: ANN401, PLR0911 - any of the types below
    """Plain data that JSON can hold."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, Mapping):
        return {name: encode(each) for name, each in value.items()}
    if isinstance(value, frozenset):
        return sorted(map(encode, value))
    if isinstance(value, tuple | list):
        return [encode(each) for each in value]
    if not is_dataclass(value):
        raise TypeError(f"{type(value)} cannot be recorded")
    return {
        each.name: encode(found) for each in fields(value) if not _is_default(each, found := getattr(value, each.name))
    }


def decode(data: Any, kind: Any, where: str = "$") -> Any:  # noqa: ANN401 - as above
    """A value of this type.

    Raises:
        ValueError: the data is not that of one; the message says where.
    """
    origin = get_origin(kind)
    if origin in {Union, types.UnionType}:
        (inner,) = (each for each in get_args(kind) if each is not types.NoneType)
        return None if data is None else decode(data, inner, where)
    if origin is tuple:
        return _tuple(data, get_args(kind), where)
    if origin is frozenset:
        (inner,) = get_args(kind)
        listed = [decode(each, inner, f"{where}[{index}]") for index, each in enumerate(_of(data, list, where))]
        return frozenset(listed) if len(set(listed)) == len(listed) else _fault(where, "each once", data)
    if origin is not None:
        # A mapping, whose keys are names.
        inner = get_args(kind)[1]
        items = _of(data, dict, where).items()
        return {name: each if inner is Any else decode(each, inner, f"{where}.{name}") for name, each in items}
    return _plain(data, kind, where)


def strict_json(content: str) -> Any:  # noqa: ANN401 - any JSON
    """JSON without what parsers read in different ways: names twice, numbers without bound, words for numbers.

    Raises:
        ValueError: it is no such JSON.
    """
    try:
        return json.loads(
            content, object_pairs_hook=_unique, parse_constant=_refused, parse_float=_finite, parse_int=_bounded
        )
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _plain(data: Any, kind: Any, where: str) -> Any:  # noqa: ANN401 - as above
    if is_dataclass(kind):
        return _dataclass(data, kind, where)
    if kind is bytes:
        try:
            return base64.b64decode(_of(data, str, where), validate=True)
        except binascii.Error:
            _fault(where, "base64", data)
    if kind is float:
        number = isinstance(data, int | float) and not isinstance(data, bool)
        return data if number else _fault(where, "a number", data)
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(data)
        except ValueError:
            _fault(where, f"a {kind.__name__}", data)
    if kind is int and isinstance(data, bool):
        _fault(where, "int", data)
    return _of(data, kind, where)


def _tuple(data: Any, inner: tuple[Any, ...], where: str) -> tuple[Any, ...]:  # noqa: ANN401 - as above
    listed = _of(data, list, where)
    kinds = (inner[0],) * len(listed) if inner[-1] is ... else inner
    if len(kinds) != len(listed):
        _fault(where, f"{len(kinds)} entries", data)
    return tuple(
        decode(each, kind, f"{where}[{index}]") for index, (each, kind) in enumerate(zip(listed, kinds, strict=True))
    )


def _dataclass(data: Any, kind: Any, where: str) -> Any:  # noqa: ANN401 - as above
    members, hints = _of(data, dict, where), _hints(kind)
    known = {each.name: each for each in fields(kind)}
    for name in members:
        if name not in known:
            _fault(f"{where}.{name}", f"a member of {kind.__name__}", members[name])
    for name, each in known.items():
        if name not in members and each.default is MISSING and each.default_factory is MISSING:
            _fault(where, f"a {kind.__name__} with {name}", data)
    return kind(**{name: decode(each, hints[name], f"{where}.{name}") for name, each in members.items()})


@cache
def _hints(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a dataclass
    return get_type_hints(kind)


def _is_default(each: Field[Any], value: Any) -> bool:  # noqa: ANN401 - as above
    if each.default is not MISSING:
        return type(each.default) is type(value) and bool(each.default == value)
    return each.default_factory is not MISSING and bool(each.default_factory() == value)


def _of(data: Any, kind: type, where: str) -> Any:  # noqa: ANN401 - as above
    return data if isinstance(data, kind) else _fault(where, kind.__name__, data)


def _fault(where: str, expected: str, data: object) -> NoReturn:
    raise ValueError(f"at {where[:200]}: expected {expected}, got {str(data)[:40]!r}")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands there twice in one object")
    return members


def _refused(word: str) -> NoReturn:
    raise ValueError(f"{word[:40]} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    return number if math.isfinite(number) else _refused(digits)


def _bounded(digits: str) -> int:
    return number if abs(number := int(digits)) <= LARGEST_NUMBER else _refused(digits)
