"""Run one target under atheris: `python -m tests.fuzz.python NAME [OPTION OF LIBFUZZER ...]`."""

from __future__ import annotations

import importlib
import sys


def main(name: str, *options: str) -> None:
    """Does not return: libFuzzer ends the process, with 0 where it has found nothing."""
    atheris = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["conformance", "tarfile", "tomllib"]):
        targets = importlib.import_module("tests.fuzz.targets")
    atheris.Setup([sys.argv[0], *options], targets.TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
