"""Write the table of checks into README.md: `python -m scripts.readme`; with --check, only compare."""

from __future__ import annotations

import sys
from pathlib import Path

from conformance.checks import load_checks
from conformance.rule.declaration import OnAws

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN = "<!-- checks: written by `python -m scripts.readme` -->\n"
END = "<!-- end of checks -->\n"


def table() -> str:
    """All checks as a Markdown table, in the order of the contract."""
    lines = ["| check | level | what it asks | needs | on AWS | basis |", "|---|---|---|---|---|---|"]
    for check in load_checks():
        needs = "the image alone" if check.job is None else "a job" if check.job.needs_request else "a start"
        rule = f"[{check.title}]({check.source.url})"
        on_aws = check.on_aws if check.sees else OnAws.YES
        lines.append(f"| `{check.id}` | {check.level} | {rule} | {needs} | {on_aws} | {check.basis} |")
    return "\n".join(lines) + "\n"


def with_table(text: str) -> str:
    """The README with the table between its marks brought up to date."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def main() -> int:
    """Write the table, or with --check compare."""
    text = README.read_text(encoding="utf-8")
    wanted = with_table(text)
    if "--check" in sys.argv[1:]:
        if text != wanted:
            print("README.md: the table of checks is out of date; run `python -m scripts.readme`", file=sys.stderr)
        return int(text != wanted)
    README.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
