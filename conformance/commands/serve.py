"""`processing-conformance serve`: a Processing API on this machine."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from conformance.aws.process import need_libraries
from conformance.commands import console
from conformance.commands.exits import ExitStatus
from conformance.commands.shared import grace, outside_network
from conformance.commands.waiting import signals
from conformance.errors import UsageError
from conformance.service import engine

HIGHEST_PORT = 65_535
MOST_JOBS = 1_000

PROCESS = "PROCESSING_CONFORMANCE_PID"


def serve(arguments: argparse.Namespace) -> int:
    """Serve until a signal comes, and return the exit status.

    Raises:
        UsageError: an option is invalid, or the port is taken.
        EngineError: the engine cannot be used.
    """
    if not 0 <= arguments.port <= HIGHEST_PORT:
        raise UsageError(f"--port: expected a number from 0 to {HIGHEST_PORT}, got {arguments.port}")
    if not 1 <= arguments.max_jobs <= MOST_JOBS:
        raise UsageError(f"--max-jobs: expected a number from 1 to {MOST_JOBS}, got {arguments.max_jobs}")
    grace_seconds = grace(arguments.grace)
    need_libraries("serve", extra="serve", more=("trustme",))
    # moto and its libraries take half a second, and may not be there.
    from conformance.serve.server import Options, Server  # noqa: PLC0415 - as above

    reached = engine.connect()
    options = Options(
        port=arguments.port,
        most_jobs=arguments.max_jobs,
        grace_seconds=grace_seconds,
        pull=arguments.pull,
        network=outside_network(arguments.network, reached),
        aws=arguments.aws,
        say=console.say,
    )
    with signals() as taken:
        server = Server(reached, options)
        console.say(f"serving Processing at {server.url}; Ctrl-C ends it and its jobs")
        # A shell that takes the variables and goes on has no other way to end the server.
        process = {PROCESS: str(os.getpid())} if arguments.print_env else {}
        _print({**server.environment, **process}, last=arguments.print_env)
        number = taken.first()
        console.say(f"{number.name}: stopping all jobs, {grace_seconds:g} s after the stop signal by SIGKILL")
        with ThreadPoolExecutor(1, thread_name_prefix="end") as pool:
            taken.wait(pool.submit(server.close), lambda _: server.runner.cancel(), server.runner.cancel)
    return ExitStatus.COMPLETED


def _print(environment: Mapping[str, str], *, last: bool) -> None:
    """Print what a client needs, for a shell; `last` closes stdout then, so that whoever reads it does not wait."""
    for name, value in environment.items():
        sys.stdout.write(f"export {name}={shlex.quote(value)}\n")
    sys.stdout.flush()
    if last:
        console.discard(sys.stdout)
