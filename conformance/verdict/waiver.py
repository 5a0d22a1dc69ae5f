"""A waiver: who answers for a known violation of which image, why, and until when."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Any

DIGEST = "sha256:"


@dataclass(frozen=True)
class Waiver:
    """One table `[[waiver]]`, which begins on `line` of the file `source`.

    `image` is a digest, or a pattern of references as the shell has them; `contains` is what a violation has to
    contain; the waiver holds up to and including the day `expires`.
    """

    check: str
    image: str
    reason: str
    owner: str
    expires: date
    contains: str = ""
    source: str = ""
    line: int = 0

    @property
    def place(self) -> str:
        """Where it stands, as editors take it."""
        return f"{self.source}:{self.line}"

    @property
    def answer(self) -> str:
        """Until when who answers for it, and why."""
        return f"until {self.expires} by {self.owner}: {self.reason}"

    def is_of(self, reference: str, digests: Collection[str]) -> bool:
        """Whether it is for the image of this reference; one without a tag is also known by the tag `latest`."""
        if self.image.startswith(DIGEST):
            return self.image in digests
        tagged = ":" in reference.rpartition("/")[2] or "@" in reference
        names = [reference] if tagged else [reference, f"{reference}:latest"]
        return any(fnmatchcase(name, self.image) for name in names)

    def covers(self, violation: str) -> bool:
        """Whether this is the violation that is known."""
        return self.contains in violation

    def described(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "check": self.check,
            "image": self.image,
            "reason": self.reason,
            "owner": self.owner,
            "expires": self.expires.isoformat(),
            "contains": self.contains,
            "file": self.source,
            "line": self.line,
        }

    @classmethod
    def of(cls, record: dict[str, Any]) -> Waiver:
        """The waiver that was described so."""
        known = {name: record[name] for name in ("check", "image", "reason", "owner", "contains", "line")}
        return cls(**known, expires=date.fromisoformat(record["expires"]), source=record["file"])
