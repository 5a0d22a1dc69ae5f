"""Which inputs contain the program itself, as with ScriptProcessor: these must not be emptied or corrupted.

Known by what the undisturbed run executed and interpreted, whichever word named it: ContainerEntrypoint, an argument,
CMD, a shell's `-c`, or a path relative to WORKDIR. Before that run, by ContainerEntrypoint and by search paths.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from conformance.files.tree import is_below
from conformance.image.interpreter import invocation
from conformance.job.request import JobRequest
from conformance.outcome.outcome import Host, Outcome
from conformance.outcome.trace import Execution

SEARCH_PATHS = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "CLASSPATH", "NODE_PATH", "R_LIBS", "R_LIBS_USER", "PERL5LIB")

PROGRAMS = (".jar", ".jl", ".js", ".lua", ".mjs", ".pl", ".py", ".pyz", ".r", ".rb", ".scala", ".sh", ".whl")
"""How the names of programs end that a launcher is given, such as spark-submit or torchrun."""

MODULE = "-m"


def programs_of(request: JobRequest) -> frozenset[str]:
    """The names of the inputs that contain the program, as far as the request itself shows."""
    named = [
        place
        for name in SEARCH_PATHS
        for place in request.environment.get(name, "").split(":")
        if place.startswith("/")
    ]
    return frozenset(
        item.name
        for item in request.inputs
        if request.brings_program(item) or any(is_below(place, item.local_path) for place in named)
    )


def programs(good: Outcome) -> frozenset[str]:
    """The same, with what an undisturbed run shows in addition."""
    ran = {path for host in good.hosts for path in _of_host(host)}
    return programs_of(good.request) | {
        item.name for item in good.request.inputs if any(is_below(path, item.local_path) for path in ran)
    }


def _of_host(host: Host) -> Iterator[str]:
    for process in host.trace.processes if host.trace is not None else ():
        for execution in process.executions:
            for path in _named(execution):
                absolute = posixpath.normpath(posixpath.join(execution.cwd or "/", path))
                # What a program is only told the name of is no program: it is there to be read.
                if host.files.get(absolute) is not None:
                    yield absolute


def _named(execution: Execution) -> Iterator[str]:
    """The files that are run or interpreted, as the command names them."""
    yield execution.executable
    asked = invocation(execution.argv)
    if asked is None:
        yield from (word for word in execution.argv[1:] if word.lower().endswith(PROGRAMS))
    elif asked.script:
        yield asked.script
    elif asked.is_python and MODULE in execution.argv[:-1]:
        module = execution.argv[execution.argv.index(MODULE) + 1].replace(".", "/")
        yield from (f"{module}.py", f"{module}/__main__.py")
