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
import pytest_sagemaker_processing

PACKAGE = Path(conformance.__path__[0])
PLUGIN = Path(pytest_sagemaker_processing.__file__)
FILES = sorted(PACKAGE.rglob("*.py"))
LONGEST_MODULE = 300

HEAVY = ("conformance", "docker", "boto3", "botocore", "moto", "hypothesis", "requests")
"""What a session without an image must not import."""

ENGINE = {"docker", "requests", "moto", "boto3", "botocore"}
"""What only `service`, `aws` and `onaws` may import."""

DIRECTION = {
    "files": "",
    "image": "files",
    "job": "files",
    "probe": "files",
    "outcome": "files job",
    "aws": "job outcome",
    "service": "files image job probe outcome aws",
    "onaws": "files image job outcome service",
    "calibration": "image job outcome service onaws",
    "rule": "files image job outcome",
    "checks": "files image job outcome rule",
    "verdict": "image job outcome rule",
    "reports": "files image job outcome rule verdict",
    "judging": "image job outcome rule checks verdict reports",
    "certificate": "files image job outcome service rule checks verdict reports judging",
    "serve": "files image job outcome aws service",
    "commands": "job outcome aws service checks verdict reports certificate serve calibration onaws",
    "session": "files image job outcome aws service onaws rule checks verdict reports judging certificate",
}
"""What each folder may import of the others; all may import what stands beside them, such as `errors`."""

WITHIN = {
    "image.image": "",
    "image.shell": "",
    "job.draft": "job.model job.objects job.request",
    "job.forms": "",
    "job.jsonfile": "job.forms job.nearest",
    "job.model": "job.jsonfile job.nearest",
    "job.nearest": "",
    "job.pipeline": "job.draft job.jsonfile job.references",
    "job.references": "job.jsonfile",
    "job.request": "",
    "job.objects": "",
    "outcome.event": "",
    "outcome.record": "outcome.event",
    "outcome.activity": "outcome.record",
    "outcome.trace": "outcome.activity outcome.event outcome.record",
    "rule.contract": "",
    "rule.declaration": "rule.contract rule.sight",
    "rule.sight": "",
    "rule.tracebacks": "",
    "rule.telling": "rule.tracebacks",
    "rule.evidence": "rule.declaration rule.telling",
    "rule.refusal": "rule.evidence",
    "rule.machine": "rule.evidence rule.telling",
    "rule.choices": "rule.evidence rule.machine",
    "rule.running": "rule.evidence rule.machine",
    "rule.causes": "rule.choices rule.evidence rule.machine rule.refusal",
    "rule.failures": "rule.evidence rule.telling rule.tracebacks",
    "rule.programs": "",
    "verdict.doubt": "",
    "service.address": "",
    "service.connection": "service.address",
    "service.dialect": "",
    "service.trouble": "",
    "service.said": "",
    "service.engine": "service.address service.connection service.dialect service.trouble",
    "service.platforms": "",
    "service.pull": "service.engine service.platforms service.trouble",
    "service.choices": "",
    "service.settings": "service.choices",
    "service.results": "service.containers service.said service.settings",
    "serve.faults": "",
    "serve.folder": "",
    "serve.constraints": "serve.faults",
    "serve.reasons": "",
    "serve.images": "",
    "serve.bodies": "",
    "serve.calls": "",
    "serve.jobs": "serve.faults",
    "serve.listing": "serve.faults",
    "serve.definition": "serve.faults",
    "serve.execution": "serve.definition serve.faults serve.jobs",
    "serve.executions": "serve.execution serve.faults",
    "serve.operations": "serve.constraints serve.faults",
    "serve.processing": "serve.constraints serve.faults serve.jobs serve.listing serve.operations",
    "serve.pipelines": (
        "serve.calls serve.definition serve.execution serve.executions serve.faults serve.jobs serve.listing"
        " serve.objects serve.operations"
    ),
    "serve.tunnel": "serve.folder",
    "serve.objects": "serve.calls",
    "serve.logs": "serve.calls",
    "serve.metrics": "serve.calls",
    "commands.exits": "",
    "commands.console": "",
    "commands.waiting": "",
    "commands.rendered": "",
    "reports.catalogue": "",
    "reports.conclusion": "",
    "reports.reading": "",
    "reports.redaction": "",
    "reports.verdicts": "",
    "reports.page": "reports.conclusion reports.quoting reports.templates",
    "reports.overview": "reports.conclusion reports.names reports.reading",
    "reports.templates": "",
    "reports.dockerfile": "",
    "reports.workflow": "reports.conclusion reports.dockerfile",
    "session.circumstances": "session.options",
    "session.certifying": "session.circumstances session.options session.session",
    "session.reporting": (
        "session.certifying session.circumstances session.collect session.github session.selection session.session"
    ),
    "session.fleet": "session.project session.turns session.tx",
    "session.onaws": "",
    "session.limits": "",
    "session.options": "session.limits session.onaws",
    "session.github": "",
    "session.brought": "session.options",
    "session.init": "session.brought session.options",
    "session.progress": "",
    "session.project": "",
    "session.selection": "",
    "session.turns": "",
    "session.tx": "",
    "session.runs": "session.progress session.turns",
    "session.reproduction": "session.session",
    "session.session": (
        "session.brought session.demands session.limits session.onaws session.options session.progress session.runs "
        "session.turns"
    ),
}
"""What some modules may import of their own folder, where its order is not plain from the names."""

every_file = pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))


def module(path: Path) -> str:
    """The name of a file's module within the package, with dots; empty for the package itself."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix("__init__").removesuffix(".")


MODULES = {module(path): path for path in FILES}


def folder(name: str) -> str:
    """The folder that a module stands in; empty for what stands beside the folders."""
    top = name.partition(".")[0]
    return top if top in DIRECTION else ""


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, with dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole.removeprefix("conformance.") in MODULES else node.module


def parsed(path: Path) -> ast.Module:
    """A file as Python reads it."""
    return ast.parse(path.read_text(encoding="utf-8"))


def inner(path: Path) -> set[str]:
    """The other modules of the package that a file imports, or imports from."""
    return {name.removeprefix("conformance").removeprefix(".") for name in imports(parsed(path)) if _is_ours(name)}


def _is_ours(name: str) -> bool:
    return name.partition(".")[0] == "conformance"


def outer(path: Path) -> set[str]:
    """The top-level packages of others that a file imports."""
    return {name.partition(".")[0] for name in imports(parsed(path)) if not _is_ours(name)}


@every_file
def test_a_module_imports_only_what_stands_to_its_left(path: Path) -> None:
    """As the table has it; a new folder gets a row."""
    own = folder(module(path))
    allowed = {*DIRECTION[own].split(), own, ""} if own else {""}

    assert set() == {folder(name) for name in inner(path)} - allowed


def test_the_table_allows_nothing_that_nobody_imports() -> None:
    """A row that is wider than it need be would let the next import slip by."""
    used = {name: set[str]() for name in DIRECTION}
    for name, path in MODULES.items():
        if folder(name):
            used[folder(name)] |= {folder(other) for other in inner(path)} - {folder(name), ""}

    assert used == {name: set(allowed.split()) for name, allowed in DIRECTION.items()}


def test_the_table_is_written_from_left_to_right() -> None:
    """Whoever reads it from the top meets nothing that stands further down."""
    seen: set[str] = set()
    for name, allowed in DIRECTION.items():
        assert set(allowed.split()) <= seen
        seen.add(name)


@pytest.mark.parametrize("name", WITHIN)
def test_modules_of_one_folder_have_an_order_too(name: str) -> None:
    """As the second table has it."""
    files = [path for other, path in MODULES.items() if other == name or other.startswith(name + ".")]
    found = {other for path in files for other in inner(path) if folder(other) == folder(name)}
    allowed = WITHIN[name].split()

    assert files
    assert [] == [other for other in found if not any(f"{other}.".startswith(f"{one}.") for one in [name, *allowed])]


@every_file
def test_only_the_service_knows_engine_and_s3(path: Path) -> None:
    """`job.model` reads botocore's model of the API besides."""
    name = module(path)
    of_clients = {"boto3", "botocore"} if folder(name) == "onaws" else {"botocore"} if name == "job.model" else set()
    allowed = ENGINE if folder(name) in {"service", "aws"} else of_clients

    assert set() == (outer(path) & ENGINE) - allowed


@every_file
def test_pytest_is_imported_by_its_public_name(path: Path) -> None:
    """And by nothing that stands left of the plugin."""
    names = outer(path)

    assert "_pytest" not in names
    assert "pytest" not in names or folder(module(path)) in {"session", "reports"}


@every_file
def test_a_module_is_short(path: Path) -> None:
    """It can be read in one sitting."""
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


def at_import(path: Path) -> Iterator[str]:
    """What a module imports when it is imported itself: not within functions, and not for annotations."""
    for node in parsed(path).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (name.removeprefix("conformance.") for name in imports(node) if _is_ours(name))


def test_no_module_waits_for_itself() -> None:
    """Modules that import one another at import work by luck."""
    graph = {name: set(at_import(path)) & set(MODULES) - {name} for name, path in MODULES.items()}

    assert set(MODULES) == set(TopologicalSorter(graph).static_order())


def test_the_plugin_imports_nothing_but_pytest() -> None:
    """Every session of the environment imports it, and may have a `conformance` of its own."""
    assert set() == set(at_import(PLUGIN))
    assert {"pytest"} == outer(PLUGIN) - sys.stdlib_module_names


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
    assert "" == run(f"import pytest_sagemaker_processing; {LOADED}", tmp_path)


def test_a_session_without_an_image_imports_nothing_heavy(tmp_path: Path) -> None:
    """From the reading of its options to its end."""
    session = "import pytest; status = pytest.main(['-q', '--collect-only', '-p', 'pytest_sagemaker_processing'])"
    printed = run(f"{session}; {LOADED}; print('status', int(status))", tmp_path).splitlines()

    assert "" == printed[-2]
    assert f"status {int(pytest.ExitCode.NO_TESTS_COLLECTED)}" == printed[-1]


def test_the_service_does_import_what_is_heavy(tmp_path: Path) -> None:
    """Else the two tests above would look for the wrong names."""
    assert {"docker", "requests"} <= set(run(f"import conformance.session.session; {LOADED}", tmp_path).split())
