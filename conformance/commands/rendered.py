"""What `processing-conformance render` can write; what makes each is imported only where it is made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rendered:
    """A report: the option that asks for it, the name of its file, and what it is."""

    option: str
    file: str
    said: str


HTML = Rendered("html", "report.html", "one page that needs no network")
JUNIT = Rendered("junit", "report.junit.xml", "JUnit, as a session writes it, without tests that ran beside the checks")

ALL = (HTML, JUNIT)
