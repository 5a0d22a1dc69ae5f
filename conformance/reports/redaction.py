"""What no report shows of the evidence: credentials of the suite's roles, and variables whose names say `secret`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from conformance.image.image import Image
from conformance.outcome.outcome import Outcome
from conformance.rule.secret import is_credential, is_secret

REDACTED = "[redacted]"

ASSIGNMENT = re.compile(r"\b([A-Za-z_]\w*)=([^\s\"']+|\"[^\"]*\"|'[^']*')")
"""A variable and its value in a shell's words."""

SHORTEST = 8
"""How long a secret is at least that is looked for in other text: a shorter one may stand there by chance."""


def of_environment(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values among these variables that are secret."""
    return tuple(value for name, value in environment.items() if _is_secret(name, value))


def of_image(image: Image) -> tuple[str, ...]:
    """The secrets in its ENV."""
    return of_environment(image.environment)


def of_outcome(outcome: Outcome) -> tuple[str, ...]:
    """The secrets that its hosts were given, by the suite and by the request."""
    given = [word for host in outcome.hosts for word in host.secrets]
    return (*given, *of_environment(outcome.request.environment))


def of_instruction(line: str) -> str:
    """A line of a Dockerfile without the values of its variables that are secret, as `ARG TOKEN=...` leaves them."""
    return ASSIGNMENT.sub(lambda found: f"{found[1]}={REDACTED}" if _is_secret(found[1], found[2]) else found[0], line)


def redacted(data: Any, secrets: Iterable[str]) -> Any:  # noqa: ANN401 - any JSON
    """The same data without these words, and without the values of variables that are secret by name."""
    words = sorted({word for word in secrets if len(word) >= SHORTEST}, key=len, reverse=True)
    return _without(data, words)


def _without(data: Any, words: list[str]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(data, str):
        for word in words:
            data = data.replace(word, REDACTED)
        return data
    if isinstance(data, Mapping):
        return {
            name: REDACTED if isinstance(value, str) and _is_secret(str(name), value) else _without(value, words)
            for name, value in data.items()
        }
    return [_without(each, words) for each in data] if isinstance(data, list | tuple) else data


def _is_secret(name: str, value: str) -> bool:
    return is_credential(name, value) or is_secret(name, value)
