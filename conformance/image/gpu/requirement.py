"""What an image requires of the driver: the conditions of `NVIDIA_REQUIRE_*`. Pure, never raises.

Source: NVIDIA's libnvidia-container. One of the alternatives, separated by spaces, must hold, and of an alternative
every condition, separated by commas. The toolkit refuses to start a container if a requirement does not hold, unless
`NVIDIA_DISABLE_REQUIRE` is true.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

CONDITION = re.compile(r"(?i:(?P<name>cuda|driver|arch|brand))(?P<operator>!=|<=|>=|=|<|>)(?P<value>[^<>=!,\s]+)")
VERSION = re.compile(r"\d+(\.\d+)*", re.ASCII)

Numbers = tuple[int, ...]

OPERATORS: dict[str, Callable[[Numbers, Numbers], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

PREFIX = "NVIDIA_REQUIRE_"
LEGACY_CUDA = re.compile(r"(\d+\.\d+)(\.\d+)*", re.ASCII)


@dataclass(frozen=True)
class Driver:
    """A host's driver: its branch, a release of that branch, and the version of CUDA that it supports."""

    branch: str
    version: str
    cuda: str


BRANCHES = (
    Driver("470", "470.256.02", "11.4"),
    Driver("535", "535.247.01", "12.2"),
    Driver("550", "550.163.01", "12.4"),
    Driver("570", "570.124.06", "12.8"),
    Driver("580", "580.126.20", "13.0"),
)
"""The branches that hosts of SageMaker have had or may have: AWS documents those of inference, and none of Processing.

Each is represented by a late release.
"""


@dataclass(frozen=True)
class Condition:
    """One comparison, as `driver>=470`."""

    name: str
    operator: str
    value: str

    def __str__(self) -> str:
        """As it is written in the variable."""
        return f"{self.name}{self.operator}{self.value}"

    def holds(self, driver: Driver) -> bool:
        """Compare with a driver; what depends on the GPU is assumed to hold, as the toolkit does if it sees none."""
        known = {"cuda": driver.cuda, "driver": driver.version}.get(self.name)
        return known is None or OPERATORS[self.operator](_numbers(known), _numbers(self.value))


@dataclass(frozen=True)
class Requirement:
    """A value of `NVIDIA_REQUIRE_*`: its alternatives, and the terms that the toolkit does not understand."""

    alternatives: tuple[tuple[Condition, ...], ...]
    unread: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As it is written in the variable, without the terms that could not be parsed."""
        return " ".join(",".join(map(str, conditions)) for conditions in self.alternatives)

    def holds(self, driver: Driver) -> bool:
        """Whether a driver satisfies it; an empty requirement is always satisfied."""
        return not self.alternatives or any(
            all(condition.holds(driver) for condition in conditions) for conditions in self.alternatives
        )


def parse(text: str) -> Requirement:
    """Parse a value; terms that are not conditions are in `unread`, and their whole alternative is ignored."""
    alternatives, unread = [], []
    for words in text.split(" "):
        terms = [term for term in words.split(",") if term]
        conditions = [_condition(term) for term in terms]
        unread += [term for term, condition in zip(terms, conditions, strict=True) if condition is None]
        read = tuple(condition for condition in conditions if condition is not None)
        if read and len(read) == len(terms):
            alternatives.append(read)
    return Requirement(tuple(alternatives), tuple(unread))


def _condition(term: str) -> Condition | None:
    found = CONDITION.fullmatch(term)
    if found is None:
        return None
    name, compared, value = found["name"].lower(), found["operator"], found["value"]
    if name == "brand":
        return Condition(name, compared, value) if compared in {"=", "!="} else None
    return Condition(name, compared, value) if VERSION.fullmatch(value) else None


def requirements(environment: Mapping[str, str]) -> dict[str, Requirement]:
    """Every requirement of an image by its variable; all of them must hold.

    An image with CUDA_VERSION but without NVIDIA_REQUIRE_CUDA dates from before there were requirements: the
    toolkit then requires that version of CUDA.
    """
    if environment.get("NVIDIA_DISABLE_REQUIRE", "").lower() in {"true", "1", "t"}:
        return {}
    found = {
        name: parse(value)
        for name, value in sorted(environment.items())
        # Those of JetPack are for other machines.
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}JETPACK") and value.strip()
    }
    version = LEGACY_CUDA.fullmatch(environment.get("CUDA_VERSION", ""))
    if version and f"{PREFIX}CUDA" not in environment:
        found["CUDA_VERSION"] = parse(f"cuda>={version[1]}")
    return found


def _numbers(version: str) -> Numbers:
    """A version for comparison: trailing zeros do not matter."""
    # Longer ones than any version are cut: Python refuses to read numbers of thousands of digits.
    numbers = [int(part[:100]) for part in version.split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return tuple(numbers)
