"""botocore's model of the `CreateProcessingJob` request, which every request must satisfy.

botocore's own client checks only types, required members and minima; the maxima, patterns and enumerations of its
model are checked here too.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import regex

from conformance.errors import RequestError
from conformance.job.jsonfile import json_type
from conformance.job.nearest import nearest

if TYPE_CHECKING:
    from botocore.model import Shape

TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
}
"""The JSON type of each type of the API model."""

SURROGATE = regex.compile(r"[\uD800-\uDFFF]")
"""JSON can escape half of a surrogate pair, which cannot be encoded as UTF-8."""

MOST_CHOICES = 8
"""How many values of an enumeration fit on a line."""


@functools.cache
def input_shape(operation: str = "CreateProcessingJob") -> Shape:
    """The shape of a request to SageMaker."""
    from botocore.loaders import Loader  # noqa: PLC0415 - 0.15 s that a run without a request need not pay
    from botocore.model import ServiceModel  # noqa: PLC0415 - the same

    model = ServiceModel(Loader().load_service_model("sagemaker", "service-2"))
    shape = model.operation_model(operation).input_shape
    if shape is None:  # pragma: no cover - the operations have had an input since they exist
        raise RequestError("botocore", (f"its model of {operation} has no input",))
    return shape


def members() -> frozenset[str]:
    """The members that a request may have."""
    shape: Any = input_shape()
    return frozenset(shape.members)


def model_faults(document: dict[str, Any]) -> Iterator[str]:
    """Yield every violation of botocore's model of the `CreateProcessingJob` request."""
    yield from _Faults().of("", document, input_shape())


class _Faults:
    """Every fault of one request; the members of a structure are listed once, however often it has unknown ones."""

    def __init__(self) -> None:
        self._listed: set[str] = set()

    def of(self, path: str, value: object, shape: Any) -> Iterator[str]:  # noqa: ANN401 - botocore's shapes share no typed base
        where = path or "the request"
        expected = TYPES[shape.type_name]
        # JSON's true is an int to Python, and never a number to AWS.
        if not isinstance(value, expected) or (isinstance(value, bool) and bool not in expected):
            article = "an" if shape.type_name == "integer" else "a"
            yield f"{where}: expected {article} {shape.type_name}, got {_brief(value)}"
            return
        if isinstance(value, str) and SURROGATE.search(value):
            yield f"{where}: expected Unicode text, got an unpaired surrogate"
            return
        yield from _limits(where, value, shape.metadata)
        if isinstance(value, dict) and shape.type_name == "structure":
            yield from self._of_members(path, value, shape)
        elif isinstance(value, dict):
            for key, content in value.items():
                yield from self.of(f"{path}[{key!r}] (key)", key, shape.key)
                yield from self.of(f"{path}[{key!r}]", content, shape.value)
        elif isinstance(value, list):
            for index, content in enumerate(value):
                yield from self.of(f"{path}[{index}]", content, shape.member)

    def _of_members(self, path: str, value: dict[str, object], shape: Any) -> Iterator[str]:  # noqa: ANN401 - as above
        unlike: list[str] = []
        meant: set[str] = set()
        for member in value:
            if member not in shape.members:
                close = nearest(member, [name for name in shape.members if name not in {*value, *meant}])[:1]
                meant.update(close)
                unlike += [] if close else [member]
                yield from (f"{_join(path, member)}: unknown member; did you mean {name}?" for name in close)
        if unlike:
            many = f"unknown members {', '.join(unlike)}"
            where, unknown = (_join(path, unlike[0]), "unknown member") if len(unlike) == 1 else (path, many)
            yield f"{where or 'the request'}: {unknown}{self._choices(shape)}"
        # Whoever misspelled a required member is not told as well that it is missing.
        for member in shape.required_members:
            if member not in value and member not in meant:
                yield f"{_join(path, member)}: required member is missing"
        for member, content in value.items():
            if member in shape.members:
                yield from self.of(_join(path, member), content, shape.members[member])

    def _choices(self, shape: Any) -> str:  # noqa: ANN401 - as above
        if shape.name in self._listed:
            return ""
        self._listed.add(shape.name)
        return f"; expected only {', '.join(shape.members)}"


def _limits(where: str, value: Any, limits: dict[str, Any]) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    measure, unit = (len(value), _unit(value)) if isinstance(value, str | list | dict) else (value, "")
    # One fault is enough: a name that is too long rarely matches the pattern, which counts too.
    if "min" in limits and measure < limits["min"]:
        yield f"{where}: expected at least {_counted(limits['min'], unit)}, got {measure}"
        return
    if "max" in limits and measure > limits["max"]:
        yield f"{where}: expected at most {_counted(limits['max'], unit)}, got {measure}"
        return
    if "enum" in limits and value not in limits["enum"]:
        yield f"{where}: {_not_among(value, limits['enum'])}"
    if "pattern" in limits and isinstance(value, str) and not regex.fullmatch(python_pattern(limits["pattern"]), value):
        yield f"{where}: expected a string matching {limits['pattern']}, got {_brief(value)}"


def _not_among(value: str, choices: list[str]) -> str:
    close = nearest(value, choices)
    meant = f"; did you mean {' or '.join(close)}?" if close else ""
    if len(choices) <= MOST_CHOICES:
        return f"expected one of {', '.join(choices)}; got {_brief(value)}{meant}"
    if close:
        return f"unknown value {_brief(value)}{meant}"
    return f"expected one of {', '.join(choices[:MOST_CHOICES])}, ... ({len(choices)} in all); got {_brief(value)}"


def python_pattern(pattern: str) -> str:
    """The model's patterns are Java's, where a surrogate pair is one code point."""
    return pattern.replace(r"\uD800\uDC00-\uDBFF\uDFFF", r"\U00010000-\U0010FFFF")


def _join(path: str, member: str) -> str:
    return f"{path}.{member}" if path else member


def _brief(value: object) -> str:
    if isinstance(value, dict | list):
        return f"a JSON {json_type(value)}"
    text = repr(value) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 80 else f"{text[:77]}..."  # noqa: PLR2004 - fits on a line of a terminal


def _unit(value: str | list[Any] | dict[str, Any]) -> str:
    return "character" if isinstance(value, str) else "entry"


def _counted(limit: int, unit: str) -> str:
    """A limit with its unit, which a number by itself does not have."""
    plural = "entries" if unit == "entry" else f"{unit}s"
    return f"{limit} {unit if limit == 1 else plural}" if unit else str(limit)
