"""What `processing-conformance render` can write; what makes each is imported only where it is made."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.reports import names


@dataclass(frozen=True)
class Rendered:
    """A report: the option that asks for it, the name of its file, and what it is."""

    option: str
    file: str
    said: str


HTML = Rendered("html", names.HTML, "one page that needs no network")
MARKDOWN = Rendered("markdown", names.MARKDOWN, "what GitHub shows as the summary of a job")
SARIF = Rendered("sarif", names.SARIF, "SARIF 2.1.0, for code scanning")
CODE_QUALITY = Rendered("code-quality", names.CODE_QUALITY, "GitLab's code quality report")
JUNIT = Rendered("junit", names.RENDERED_JUNIT, "JUnit as a session writes it, without other tests of it")

ALL = (HTML, MARKDOWN, SARIF, CODE_QUALITY, JUNIT)
