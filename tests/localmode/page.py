"""Write `docs/local-mode.md` from the clauses: `python -m tests.localmode.page`; with --check, only compare."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.localmode.clauses import AGREED, CLAUSES, Clause

PAGE = Path(__file__).resolve().parents[2] / "docs/local-mode.md"

BEGIN = "<!-- {}: written by `python -m tests.localmode.page` -->\n"
END = "<!-- end of {} -->\n"


def table() -> str:
    """All clauses as a Markdown table."""
    lines = ["| a job that ... | in local mode | here | why | checks |", "|---|---|---|---|---|"]
    lines += [_row(clause) for clause in CLAUSES]
    return "\n".join(lines) + "\n"


def agreed() -> str:
    """What the two do alike, as a Markdown list."""
    return "".join(f"- A job that {clause.does}: {_code(clause.here)}\n" for clause in AGREED)


def up_to_date(text: str) -> str:
    """The page with what is between its marks brought up to date."""
    for name, written in (("clauses", table()), ("agreements", agreed())):
        before, begin, rest = text.partition(BEGIN.format(name))
        _, end, after = rest.partition(END.format(name))
        text = f"{before}{begin}\n{written}\n{end}{after}"
    return text


def _row(clause: Clause) -> str:
    why = f"{clause.why} [{clause.source.title.rpartition(': ')[2]}]({clause.source.url})"
    checks = ", ".join(f"`{check}`" for check in clause.checks)
    cells = (clause.does, _code(clause.local_mode), _code(clause.here), why, checks)
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    # A bar ends a cell even within code.
    return f"`{text.replace('|', chr(92) + '|')}`"


def main() -> int:
    """Write the table, or with --check compare."""
    text = PAGE.read_text(encoding="utf-8")
    wanted = up_to_date(text)
    if "--check" in sys.argv[1:]:
        if text != wanted:
            print(f"{PAGE.name}: out of date; run `python -m tests.localmode.page`", file=sys.stderr)
        return int(text != wanted)
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
