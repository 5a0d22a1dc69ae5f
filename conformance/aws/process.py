"""An AWS for each run of a job, in processes beside the session: moto is loaded once, and forked for each run."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from conformance.aws.order import END, ENDED, GONE, READY, Order
from conformance.aws.provider import Run, new_directory
from conformance.errors import JobError, UsageError

PROGRAM = Path(__file__).with_name("worker.py")

END_SECONDS = 10.0


NEEDED = ("flask", "flask_cors")


def need_libraries(what: str = "--image-aws", *, extra: str = "aws", more: tuple[str, ...] = ()) -> None:
    """Raise `UsageError` where the extra that `what` needs is not installed, which has `more` than that of an AWS."""
    missing = [name for name in (*NEEDED, *more) if importlib.util.find_spec(name) is None]
    if missing:
        raise UsageError(
            f"{what}: expected {' and '.join(missing)} to be installed",
            hint=f"install it with `pip install 'sagemaker-processing-conformance[{extra}]'`",
        )


class Aws:
    """The process, as the session sees it: started by the first run that needs it."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._directory = ""
        self._is_ready = False

    def start(self) -> None:
        """Have it load what it needs, beside whatever is done meanwhile."""
        with self._lock:
            self._start()

    @contextlib.contextmanager
    def of_run(self, order_in: Callable[[str], Order]) -> Iterator[Run]:
        """An AWS that is there while the block runs; `order_in` gives its order, with this directory.

        Raises:
            JobError: it cannot be made, or did not last until the end.
        """
        run = Run(order_in(self._new_directory()))
        try:
            self._ask(run.order.encoded(), READY)
            try:
                yield run
            except BaseException:
                # What went wrong there says more than how this ends.
                with contextlib.suppress(JobError):
                    self._end(run)
                raise
            self._end(run)
        finally:
            shutil.rmtree(run.order.directory, ignore_errors=True)

    def _end(self, run: Run) -> None:
        self._ask(END + json.dumps(run.order.directory).encode() + b"\n", ENDED)
        run.read()

    def close(self) -> None:
        """End it, and all that it holds."""
        with self._lock:
            if self._process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.communicate(timeout=END_SECONDS)
                self._give_up()
            shutil.rmtree(self._directory, ignore_errors=True)

    def _new_directory(self) -> str:
        with self._lock:
            self._start()
            return tempfile.mkdtemp(dir=self._directory)

    def _ask(self, line: bytes, expected: bytes) -> None:
        with self._lock:
            process = self._start()
            try:
                if not self._is_ready:
                    self._is_ready = _pipe(process.stdout).readline() == READY
                _pipe(process.stdin).write(line)
                _pipe(process.stdin).flush()
                answer = _pipe(process.stdout).readline()
            except OSError:
                answer = b""
            if answer == expected:
                return
            if answer != GONE:
                self._give_up()
            raise JobError("the AWS of the job is gone: its process has ended")

    def _give_up(self) -> None:
        """Let go of the process; the next run gets another one."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                with contextlib.suppress(OSError):
                    _pipe(pipe).close()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            if not self._directory:
                self._directory = new_directory()
            self._is_ready = False
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(PROGRAM), json.dumps(sys.path)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                # Ctrl-C is the session's affair, which still has to end what runs.
                start_new_session=True,
            )
        return self._process


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise JobError("the AWS of the job cannot be reached")
    return pipe
