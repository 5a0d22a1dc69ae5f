"""Write the tables of checks and of rules into their pages: `python -m scripts.readme`; with --check, only compare."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from conformance.certificate.rejected import RULES
from conformance.checks import load_checks
from conformance.rule.declaration import OnAws

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN = "<!-- checks: written by `python -m scripts.readme` -->\n"
END = "<!-- end of checks -->\n"

CERTIFICATES = README.parent / "docs/certificates.md"
BEGIN_RULES = "<!-- rules: written by `python -m scripts.readme` -->\n"
END_RULES = "<!-- end of rules -->\n"


def table() -> str:
    """All checks as a Markdown table, in the order of the contract."""
    lines = ["| check | level | what it asks | needs | on AWS | basis |", "|---|---|---|---|---|---|"]
    for check in load_checks():
        needs = "the image alone" if check.job is None else "a job" if check.job.needs_request else "a start"
        rule = f"[{check.title}]({check.source.url})"
        on_aws = check.on_aws if check.sees else OnAws.YES
        lines.append(f"| `{check.id}` | {check.level} | {rule} | {needs} | {on_aws} | {check.basis} |")
    return "\n".join(lines) + "\n"


def rules() -> str:
    """The rules of certificates as a Markdown table."""
    lines = ["| rule | what is verified |", "|---|---|", *(f"| {number} | {said} |" for number, said in RULES.items())]
    return "\n".join(lines) + "\n"


def with_table(text: str) -> str:
    """The README with the table between its marks brought up to date."""
    return _with(text, BEGIN, table(), END)


def with_rules(text: str) -> str:
    """The page on certificates with its table brought up to date."""
    return _with(text, BEGIN_RULES, rules(), END_RULES)


def _with(text: str, begin: str, made: str, end: str) -> str:
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{made}\n{end}{after}"


PAGES: tuple[tuple[Path, Callable[[str], str]], ...] = ((README, with_table), (CERTIFICATES, with_rules))


def main() -> int:
    """Write the tables, or with --check compare."""
    stale = [page for page, renewed in PAGES if renewed(text := page.read_text(encoding="utf-8")) != text]
    for page, renewed in PAGES if "--check" not in sys.argv[1:] else ():
        page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
    if stale and "--check" in sys.argv[1:]:
        print(f"{stale[0].name}: a table is out of date; run `python -m scripts.readme`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
