"""Mutation testing of the rules that touch no engine: `python -m scripts.mutation [conformance/rule/evidence.py ...]`.

Everything happens in a copy below .cache/. mutmut leaves decorated functions alone, and every check is one; so the copy
has `name = check(...)(name)` below a bare function where the source has `@check(...)` above it, which is the same.

A survivor is what no test noticed. Those that only change the words of a sentence are counted, those that cannot matter
are listed in tests/mutation.md with the reason, and every other one is printed and makes the exit status 1.
"""

from __future__ import annotations

import ast
import difflib
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / ".cache/mutation"
TABLE = ROOT / "tests/mutation.md"
COPIED = ("conformance", "fixtures", "images", "scripts", "tests", "conftest.py", "pyproject.toml")
KEPT = {"staticmethod", "classmethod"}
"""Decorators below which mutmut mutates."""

SENTENCE = re.compile(r"[^\W\d]\W+[^\W\d]")
"""A string of two words or more: it is read by people, and is not a name that another program knows."""
REASONS = {"NotJudged", "DoesNotApply", "Advice", "ValueError", "TypeError", "KeyError"}
"""What is made with a sentence."""

CONTEXT = 40
"""How many characters of a line stand before and after what a mutant changes of it."""

KILLED = frozenset({1, 3, 24, 36, 152, 255, -24})
"""How a test session ends that fails, or runs into a time limit; anything else is no proof that a test noticed."""


@dataclass(frozen=True)
class Mutant:
    """A mutant with what became of it: `changed` is None where only the words of a sentence differ."""

    module: Path
    function: str
    status: int | None
    changed: str | None

    @property
    def folder(self) -> str:
        """Where it stands."""
        return self.module.parent.as_posix()

    @property
    def survived(self) -> bool:
        """Whether no test noticed it."""
        return self.status not in KILLED

    @property
    def row(self) -> str:
        """How tests/mutation.md names it."""
        return f"| {self.module.relative_to('conformance')} | {self.function} | {self.changed} |"


class _Undecorated(ast.NodeTransformer):
    """Applies decorators below their function."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> list[ast.stmt]:
        decorators, node.decorator_list = node.decorator_list, []
        if [name.id for name in decorators if isinstance(name, ast.Name) and name.id in KEPT]:
            node.decorator_list = decorators
            return [node]
        after: list[ast.stmt] = []
        for decorator in reversed(decorators):
            applied = ast.Call(func=decorator, args=[ast.Name(node.name, ast.Load())], keywords=[])
            after.append(ast.Assign(targets=[ast.Name(node.name, ast.Store())], value=applied))
        return [node, *after]


def copy() -> None:
    """Bring the copy up to date; what mutmut knows of unchanged functions is kept."""
    COPY.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(COPY / "mutants/tests", ignore_errors=True)
    # mutmut asks a test once which functions it reaches, and not again when the test is changed.
    (COPY / "mutants/mutmut-stats.json").unlink(missing_ok=True)
    for name in COPIED:
        source, target = ROOT / name, COPY / name
        if source.is_file():
            shutil.copy2(source, target)
            continue
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    for module in (COPY / "conformance").rglob("*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        module.write_text(ast.unparse(ast.fix_missing_locations(_Undecorated().visit(tree))) + "\n", encoding="utf-8")


def results(modules: tuple[str, ...]) -> Iterator[Mutant]:
    """All mutants of these modules that were tried, or of all."""
    for meta in sorted((COPY / "mutants").rglob("*.py.meta")):
        path = meta.with_suffix("")
        module = path.relative_to(COPY / "mutants")
        statuses: dict[str, int | None] = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        if not statuses or (modules and module.as_posix() not in modules):
            continue
        functions = {
            node.name: node
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.FunctionDef)
        }
        for key, status in statuses.items():
            name = key.rpartition(".")[2]
            before, after = functions[f"{name.rpartition('__mutmut_')[0]}__mutmut_orig"], functions[name]
            function = name.rpartition("__mutmut_")[0].removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
            yield Mutant(module, function, status, _change(before, after))


def _change(before: ast.FunctionDef, after: ast.FunctionDef) -> str | None:
    if _without_words(before) == _without_words(after):
        return None
    # The signature is compared by itself: the line that it stands on holds the mutant's name.
    one, other = ([ast.unparse(each.args), *ast.unparse(each).splitlines()[1:]] for each in (before, after))
    difference = list(difflib.ndiff(one, other))
    old = " ".join(line[2:].strip() for line in difference if line.startswith("- "))
    new = " ".join(line[2:].strip() for line in difference if line.startswith("+ "))
    start, end = (max(_alike(*pair) - CONTEXT, 0) for pair in ((old, new), (old[::-1], new[::-1])))
    return f"`{old[start : len(old) - end]}` → `{new[start : len(new) - end]}`".replace("|", "\\|")


def _alike(one: str, other: str) -> int:
    """How many characters at the beginning of two lines are the same."""
    return next((at for at, (first, second) in enumerate(zip(one, other, strict=False)) if first != second), 0)


def _without_words(function: ast.FunctionDef) -> str:
    function = ast.parse(ast.unparse(function)).body[0]  # type: ignore[assignment]
    function.name = ""
    for node in ast.walk(function):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            sentence = SENTENCE.search(node.value.strip("X"))
            node.value = "" if sentence else "utf-8" if node.value.lower() == "utf-8" else node.value
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in REASONS:
            node.args = []
    return ast.dump(function)


def main() -> int:
    """Try the mutants of the named modules, or of all that pyproject.toml names, and print what survives."""
    modules = tuple(sys.argv[1:])
    copy()
    names = [f"{module.removesuffix('.py').replace('/', '.')}.*" for module in modules]
    command = ["nice", "-n", "19", sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names]
    if subprocess.run(command, cwd=COPY, check=False).returncode:
        print("mutation: mutmut did not come to its end; the tests have to pass without a mutant", file=sys.stderr)
        return 2
    listed = {line.rpartition(" | ")[0] + " |" for line in TABLE.read_text(encoding="utf-8").splitlines()}
    tried = [mutant for mutant in results(modules) if mutant.status is not None]
    table: dict[str, Counter[str]] = {}
    for mutant in tried:
        counts = table.setdefault(mutant.folder, Counter())
        counts["tried"] += 1
        if not mutant.survived:
            counts["killed"] += 1
        elif mutant.changed is None:
            counts["words"] += 1
        else:
            counts["listed" if mutant.row in listed else "survived"] += 1
            if mutant.row not in listed:
                print(mutant.row)
    columns = ("tried", "killed", "words", "listed", "survived")
    print(f"{'folder':30}" + "".join(f"{column:>10}" for column in columns))
    for folder, counts in sorted(table.items()):
        print(f"{folder:30}" + "".join(f"{counts[column]:>10}" for column in columns))
    return int(not tried or any(counts["survived"] for counts in table.values()))


if __name__ == "__main__":
    sys.exit(main())
