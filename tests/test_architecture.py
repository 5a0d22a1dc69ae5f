"""The direction of imports is that of the pipeline, and a session without an image pays for none of it."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import conformance

PACKAGE = Path(conformance.__path__[0])
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE = 300

HEAVY = ("docker", "boto3", "botocore", "moto", "hypothesis", "requests")
"""What a session without an image must not import."""

ENGINE = {"docker", "requests", "moto", "boto3", "botocore"}
"""What only the service may import."""

ALLOWED: dict[str, set[str]] = {
    "": set(),
    "errors": set(),
    "filetree": set(),
    "contract": set(),
    "nvidia": set(),
    "shell": set(),
    "objects": {"errors"},
    "manifest": {"objects"},
    "archive": {"errors", "filetree"},
    "image": {"filetree"},
    "account": {"image"},
    "library_path": {"image"},
    "packages": set(),
    "requirement": set(),
    "driver": {"filetree", "image", "library_path", "nvidia", "packages"},
    "interpreter": {"shell"},
    "executable": {"filetree", "image", "shell"},
    "jsonfile": {"errors"},
    "job": set(),
    "variation": {"job"},
    "request": {"errors", "filetree", "job", "jsonfile"},
    "record": set(),
    "trace": {"record"},
    "workload": {"trace"},
    "standin": {"record"},
    "resolution": {"record"},
    "feed": {"record"},
    "gpu": {"job", "record", "standin"},
    "outcome": {"feed", "filetree", "gpu", "job", "resolution", "standin", "trace", "variation"},
    "declaration": {"checks", "contract", "variation"},
    "evidence": {"declaration", "outcome", "trace", "workload"},
    "facts": {"driver", "evidence", "gpu", "image", "outcome", "requirement", "variation"},
    "rerun": {"declaration", "evidence", "image", "job", "outcome", "request", "trace", "workload"},
    "checks": {
        *("account", "contract", "declaration", "driver", "evidence", "executable", "filetree", "gpu"),
        *("image", "interpreter", "job", "objects", "outcome", "packages", "shell", "standin", "trace"),
        *("variation", "workload"),
    },
    "verdict": {"declaration", "image", "job", "outcome"},
    "reproduce": {"declaration", "gpu", "image", "job", "objects", "rerun", "variation"},
    "profiles": {"declaration", "gpu", "job", "variation", "verdict"},
    "service": {
        *("archive", "errors", "executable", "feed", "filetree", "gpu", "image", "job", "library_path"),
        *("manifest", "nvidia", "objects", "outcome", "packages", "probe", "resolution", "standin", "trace"),
        *("variation",),
    },
    "probe": {"archive", "errors"},
    "options": {"errors", "gpu", "job", "manifest", "objects", "request"},
    "session": {
        *("declaration", "errors", "gpu", "image", "job", "options", "outcome", "rerun", "service"),
        *("variation",),
    },
    "scheduling": {"declaration"},
    "collect": {
        *("checks", "declaration", "errors", "gpu", "job", "outcome", "reproduce", "session", "variation"),
        *("verdict",),
    },
    "reports": {"", "declaration", "facts", "gpu", "image", "outcome", "profiles", "resolution", "trace", "verdict"},
    "hooks": {
        *("", "collect", "declaration", "errors", "gpu", "options", "profiles", "reports", "reproduce"),
        *("scheduling", "session", "variation", "verdict"),
    },
    "plugin": {"hooks", "options"},
}
"""What each module, or each package of modules, may import of the others; `""` is the package itself.

`declaration` imports the checks in a function, to have them declared; types that are imported for annotations alone
count like any other import.
"""

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))


def group(path: Path) -> str:
    """The module, or the package of modules, that a file belongs to."""
    top = path.relative_to(PACKAGE).parts[0]
    return "" if top == "__init__.py" else top.removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, with dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [alias.name for alias in node.names]
            yield from (f"{node.module}.{name}" for name in names) if _is_package(node.module) else (node.module,)


def _is_package(module: str) -> bool:
    return module in {
        "conformance",
        "conformance.service",
        "conformance.reports",
        "conformance.checks",
        "conformance.probe",
    }


def parsed(path: Path) -> ast.Module:
    """A file as Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def inner(path: Path) -> set[str]:
    """The other groups that a file imports from."""
    tops = {name.split(".")[1] if "." in name else "" for name in imports(parsed(path)) if _is_ours(name)}
    return {top if top in ALLOWED else "" for top in tops} - {group(path)}


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == "conformance"


def outer(path: Path) -> set[str]:
    """The top-level packages of others that a file imports."""
    return {name.partition(".")[0] for name in imports(parsed(path)) if not _is_ours(name)}


@every_file
def test_a_module_imports_only_what_stands_to_its_left(path: Path) -> None:
    """As the table has it; a module that is new gets a row."""
    assert set() == inner(path) - ALLOWED[group(path)]


def test_the_table_allows_nothing_that_nobody_imports() -> None:
    """A row that is wider than it need be would let the next import slip by."""
    used = {name: set[str]() for name in ALLOWED}
    for path in FILES:
        used[group(path)] |= inner(path)

    assert used == ALLOWED


def test_the_table_itself_has_one_direction() -> None:
    """Without the one import that declares the checks, no group reaches itself again."""
    order = TopologicalSorter({name: allowed - {"checks"} for name, allowed in ALLOWED.items()} | {"checks": set()})

    assert set(ALLOWED) == set(order.static_order())


@every_file
def test_only_the_service_knows_engine_and_s3(path: Path) -> None:
    """`request` reads botocore's model of the API besides."""
    allowed = ENGINE if group(path) == "service" else {"botocore"} if group(path) == "request" else set()

    assert set() == (outer(path) & ENGINE) - allowed


@every_file
def test_pytest_is_imported_by_its_public_name(path: Path) -> None:
    """And by nothing that stands left of the plugin."""
    names = outer(path)
    knows_pytest = {"collect", "hooks", "options", "plugin", "reports", "scheduling"}

    assert "_pytest" not in names
    assert "pytest" not in names or group(path) in knows_pytest


@every_file
def test_a_module_is_short(path: Path) -> None:
    """It can be read in one sitting."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


def at_import(path: Path) -> Iterator[str]:
    """What a module imports when it is imported itself: not within functions, and not for annotations."""
    for node in parsed(path).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imports(node)


def test_no_module_waits_for_itself() -> None:
    """Modules that import one another at import work by luck."""
    names = {_module(path): path for path in FILES}
    graph = {name: {other for other in at_import(path) if other in names} - {name} for name, path in names.items()}

    assert set(names) == set(TopologicalSorter(graph).static_order())


def _module(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def test_the_plugin_imports_pytest_and_its_options() -> None:
    """Every session of the environment imports it."""
    wanted = {name for name in at_import(PACKAGE / "plugin.py") if name != "__future__"}

    assert {"pytest", "conformance.options"} == wanted


LOADED = f"import sys; print(*sorted(set({HEAVY!r}) & set(sys.modules)))"


def run(code: str, where: Path) -> str:
    """What a fresh interpreter prints."""
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, cwd=where, capture_output=True, text=True, check=True, env=_environment())
    return ended.stdout.strip()


def _environment() -> dict[str, str]:
    """As little as Python needs, and where the package is; installed plugins are not loaded by themselves."""
    return {"PYTHONPATH": str(PACKAGE.parent), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}


def test_importing_the_plugin_imports_nothing_heavy(tmp_path: Path) -> None:
    """Not even by way of another module."""
    assert "" == run(f"import conformance.plugin; {LOADED}", tmp_path)


def test_a_session_without_an_image_imports_nothing_heavy(tmp_path: Path) -> None:
    """From the reading of its options to its end."""
    session = "import pytest; status = pytest.main(['-q', '--collect-only', '-p', 'conformance.plugin'])"
    printed = run(f"{session}; {LOADED}; print('status', int(status))", tmp_path).splitlines()

    assert "" == printed[-2]
    assert f"status {int(pytest.ExitCode.NO_TESTS_COLLECTED)}" == printed[-1]


def test_the_service_does_import_what_is_heavy(tmp_path: Path) -> None:
    """Else the two tests above would look for the wrong names."""
    assert {"docker", "moto", "botocore"} <= set(run(f"import conformance.session; {LOADED}", tmp_path).split())
