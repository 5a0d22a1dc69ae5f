"""What any image may write is matched against the suite's patterns, so none of these may take for ever."""

from __future__ import annotations

import subprocess
import sys

LIMIT_SECONDS = 600
"""All of them take about three seconds; one that backtracks without end never finishes."""

EVERY_PATTERN = '''
import importlib, itertools, pkgutil, re
import conformance
from conformance.rule.evidence import LONGEST_LINE

found = {}
for module in pkgutil.walk_packages(conformance.__path__, "conformance."):
    for name, value in vars(importlib.import_module(module.name)).items():
        values = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else [value]
        found |= {(each.pattern, each.flags): each for each in values if isinstance(each, re.Pattern)}

def hostile(pattern):
    """Lines made of one piece of the pattern, or of two in turns, which is what makes a pattern backtrack."""
    pieces = sorted({*re.findall(r"[A-Za-z]+", pattern), *pattern, *"a0_ .:/,-\\t"})
    pairs = itertools.chain(zip(pieces, pieces), itertools.pairwise(pieces), ((each, " ") for each in pieces))
    for one, other in pairs:
        yield ((one + other) * LONGEST_LINE)[:LONGEST_LINE]

for expression in found.values():
    text = isinstance(expression.pattern, str)
    for line in hostile(expression.pattern if text else expression.pattern.decode("latin-1")):
        for match in (expression.search, expression.match, expression.fullmatch):
            match(line if text else line.encode())
print(len(found))
'''


def test_no_pattern_backtracks_for_ever_on_a_line_made_to_make_it() -> None:
    """Whatever a line of the longest kind that is looked at is made of; dozens of patterns are tried."""
    tried = subprocess.run(
        [sys.executable, "-c", EVERY_PATTERN], capture_output=True, text=True, timeout=LIMIT_SECONDS, check=True
    )

    assert int(tried.stdout) > 40
