"""Forty forms of ENTRYPOINT around one program, for `tests.support.stop_table`.

They differ in who is process 1, in whether it hands a signal on, in whether the program began with SIGINT ignored, and
in what the program does about it. A form in which the end of a shell races against the program's own handler has no
truth to be compared with, and is not here: of `tini -g -- dash -c "w; true"`, one SIGTERM in three ended the container
before the program could write it down. The shells that share a signal with the program therefore wait for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What the program does about a signal; see `tests.support.stop_work`."""

    LEAVE = "leave"
    """It ends at once, with an exit code of its own."""
    STAY = "stay"
    """It has a handler, and goes on."""
    PLAIN = "plain"
    """What Python does by itself: KeyboardInterrupt for SIGINT unless it began with it ignored, nothing for SIGTERM."""
    IGNORE = "ignore"
    FETCH = "fetch"
    """It blocks the signal and takes it with sigwait(2), then ends."""
    END_IN_C = "end in C"
    """Its handler is _exit(2), which no line of Python comes after."""


NOTED = frozenset({Action.LEAVE, Action.STAY, Action.FETCH})
"""The actions in which the program itself can write down that the signal came."""

WORK = "python3 /work.py"
"""The program, in a shell."""

PROGRAM = ("python3", "/work.py")
"""The program, in exec form."""


@dataclass(frozen=True)
class Form:
    """An ENTRYPOINT, what the program in it does about the two signals, and what it starts besides."""

    name: str
    entrypoint: tuple[str, ...]
    on_sigint: Action = Action.LEAVE
    on_sigterm: Action = Action.LEAVE
    besides: str = ""

    @property
    def environment(self) -> Mapping[str, str]:
        """What tells the program how to behave."""
        return {"ON_SIGINT": self.on_sigint, "ON_SIGTERM": self.on_sigterm, "BESIDES": self.besides}


SCRIPTS: Mapping[str, str] = {
    "/plain.sh": f"#!/bin/sh -e\n{WORK}\n",
    "/exec.sh": f"#!/bin/sh -e\nexec {WORK}\n",
    "/background.sh": f"#!/bin/sh\n{WORK} &\nwait\n",
    "/forward.sh": f"#!/bin/sh\ntrap 'kill -INT $!' INT\ntrap 'kill -TERM $!' TERM\n{WORK} &\nwait $!\nwait $!\n",
    "/leave.sh": f"#!/bin/sh\ntrap 'exit 130' INT\ntrap 'exit 143' TERM\n{WORK} &\nwait $!\n",
    "/follow.sh": f"#!/bin/sh\n: > /log\n{WORK} >> /log &\ntail --pid=$! -f /log\n",
    "/run.py": "import subprocess, sys\nsys.exit(subprocess.run(['python3', '/work.py']).returncode)\n",
    "/spawn.py": "import os, sys\nsys.exit(os.spawnvp(os.P_WAIT, 'python3', ['python3', '/work.py']))\n",
    "/exec.py": "import os\nos.execvp('python3', ['python3', '/work.py'])\n",
    "/forward.py": """\
import signal, subprocess, sys
program = subprocess.Popen(["python3", "/work.py"])
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda number, _: program.send_signal(number))
sys.exit(program.wait())
""",
}
"""The files that forms start, by path."""

APPLETS = ("setpriv", "setsid", "su", "xargs")
"""Programs that forms need and that only busybox has here."""

WAITS = f"trap : INT TERM; {WORK}; true"
"""A shell that outlives a signal which it gets together with the program."""

FORMS = (
    Form("exec form", PROGRAM),
    Form("exec form, Python's own handlers", PROGRAM, Action.PLAIN, Action.PLAIN),
    Form("exec form, SIGINT alone handled", PROGRAM, Action.LEAVE, Action.PLAIN),
    Form("exec form, both ignored", PROGRAM, Action.IGNORE, Action.IGNORE),
    Form("exec form, both handled, goes on", PROGRAM, Action.STAY, Action.STAY),
    Form("exec form, both fetched with sigwait", PROGRAM, Action.FETCH, Action.FETCH),
    Form("exec form, handlers that end in C", PROGRAM, Action.END_IN_C, Action.END_IN_C),
    Form("exec form, threads and forks", PROGRAM, besides="threads and forks"),
    Form("exec form, a program beside it", PROGRAM, besides="a program"),
    Form("dash", ("dash", "-c", WORK)),
    Form("bash", ("bash", "-c", WORK)),
    Form("ash", ("ash", "-c", WORK)),
    Form("dash, more to do", ("dash", "-c", f"{WORK}; true")),
    Form("ash, && true", ("ash", "-c", f"{WORK} && true")),
    Form("bash, pipeline", ("bash", "-c", f"{WORK} | cat")),
    Form("bash, subshell", ("bash", "-c", f"( {WORK} )")),
    Form("bash, time", ("bash", "-c", f"time {WORK}")),
    Form("bash, exec -a", ("bash", "-c", f"exec -a processing {WORK}")),
    Form("shells below shells", ("dash", "-c", f"bash -c 'ash -c \"{WORK}\"'")),
    Form("script with -e", ("/plain.sh",)),
    Form("script with exec", ("/exec.sh",)),
    Form("script, background", ("/background.sh",)),
    Form("script, trap that forwards", ("/forward.sh",)),
    Form("script, trap that forwards to Python", ("/forward.sh",), Action.PLAIN, Action.PLAIN),
    Form("script, trap that leaves", ("/leave.sh",)),
    Form("script, tail that follows the log", ("/follow.sh",)),
    Form("tini, Python's own handlers", ("tini", "--", *PROGRAM), Action.PLAIN, Action.PLAIN),
    Form("tini, dash, more to do", ("tini", "--", "dash", "-c", f"{WORK}; true")),
    Form("tini -g, shell that waits", ("tini", "-g", "--", "dash", "-c", WAITS)),
    Form("tini -g, setsid", ("tini", "-g", "--", "dash", "-c", f"setsid {WORK}; true")),
    Form("dumb-init, shell that waits", ("dumb-init", "dash", "-c", WAITS)),
    Form("dumb-init --single-child, shell", ("dumb-init", "--single-child", "dash", "-c", WAITS)),
    Form("env, nice, nohup and setpriv", ("env", "A=b", "nice", "nohup", "setpriv", "--nnp", *PROGRAM)),
    Form("timeout", ("timeout", "60", *PROGRAM)),
    Form("su", ("su", "-c", WORK)),
    Form("xargs", ("xargs", *PROGRAM)),
    Form("Python, subprocess.run", ("python3", "/run.py")),
    Form("Python, os.spawnvp", ("python3", "/spawn.py")),
    Form("Python, os.execvp", ("python3", "/exec.py")),
    Form("Python, Popen that forwards", ("python3", "/forward.py")),
)
"""The forms, each of which is stopped by SIGINT and by SIGTERM."""
