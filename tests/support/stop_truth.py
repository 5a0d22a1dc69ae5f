"""What a signal does to a form of ENTRYPOINT, found without the tracer, the service and the checks.

The form runs in a container of its own, which gets the signal once its program has said that it is ready, and SIGKILL
after the grace.

* It *ended* where the container had exited before that SIGKILL.
* The signal *reached* the program where the kernel took it up for the process that runs `/work.py`, whatever came of it
  there. A program that has a handler, or fetches the signal, writes that down itself, in a file that is read when all
  is over. One that has none cannot: process 1 never hears of a signal that it does not handle, one that is ignored
  leaves no mark, and an end by default is no place for notes. Its form runs a second time, with a program that blocks
  both signals before it says that it is ready. A signal that is blocked stays pending, also one that would have been
  ignored or dropped, and sigpending(2) tells the process that it came. Nothing but the program differs between the two.

An exit code is evidence of neither.
"""

from __future__ import annotations

import hashlib
import io
import signal
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import docker

from images.builder.layers import File, directory, link, pack
from tests.support import stop_work
from tests.support.probing import Ran, run, shells
from tests.support.stop_forms import APPLETS, NOTED, SCRIPTS, Form

LEAST_SECONDS = 1.5
PATIENCE = 1.0
"""A grace lasts this many times as long as the program took to start, and at least so long.

Nobody needs as long to leave as the engine and Python need to begin: who is still there does not heed the signal.
"""

WORK_SECONDS = 30.0
"""How long the program works: it is to be ended by nothing but a signal."""


@dataclass(frozen=True)
class Truth:
    """What a signal did to a form; see this module's beginning. `ready_seconds` tells how slow the machine is."""

    reached: bool
    ended: bool
    exit_code: int
    ready_seconds: float = 0.0


def truth(form: Form, number: signal.Signals) -> Truth:
    """Stop a form that nobody watches."""
    ran = _run(form, number)
    witness = ran if can_note(form, number) else _run(form, number, listens=True)
    return Truth(number in noted(witness.files[stop_work.NOTES]), not ran.killed, ran.status, ran.ready_seconds)


def can_note(form: Form, number: signal.Signals) -> bool:
    """Whether the form's program can write down that a signal came."""
    return (form.on_sigint if number == signal.SIGINT else form.on_sigterm) in NOTED


def noted(notes: bytes) -> set[int]:
    """The signals that a program wrote down."""
    return set(notes.partition(b"\n")[2])


def ready_at(notes: bytes) -> float | None:
    """When the program began to listen, on the kernel's monotonic clock; None where it never did."""
    ready, complete, _ = notes.partition(b"\n")
    return float(ready) if complete else None


@cache
def image() -> str:
    """The image of the shells with the program and the scripts, built where it is missing.

    Its tag is made of what is in it: two checkouts that share an engine do not take it from each other.
    """
    files = {
        "work.py": File(data=Path(stop_work.__file__).read_bytes()),
        "opt/ml/output": directory(),
        **{path.lstrip("/"): File(mode=0o755, data=text.encode()) for path, text in SCRIPTS.items()},
        **{f"usr/bin/{applet}": link("busybox") for applet in APPLETS},
    }
    client = docker.from_env()
    try:
        dockerfile = f"FROM {client.images.get(shells()).id}\nADD files.tar /\n"
        context = pack({"Dockerfile": File(data=dockerfile.encode()), "files.tar": File(data=pack(files))})
        tag = f"conformance/test-forms:{hashlib.sha256(context).hexdigest()[:12]}"
        if not client.images.list(tag):
            client.images.build(fileobj=io.BytesIO(context), custom_context=True, tag=tag, rm=True, forcerm=True)
    finally:
        client.close()
    return tag


def _run(form: Form, number: signal.Signals, *, listens: bool = False) -> Ran:
    environment = {"SECONDS": str(WORK_SECONDS), "LISTEN": "x" if listens else "", **form.environment}
    return run(
        *form.entrypoint,
        image=image(),
        traced=False,
        environment=[f"{name}={value}" for name, value in environment.items()],
        send=number.name,
        grace_seconds=LEAST_SECONDS,
        patience=PATIENCE,
        read=[stop_work.NOTES],
    )
