"""When the work begins, as the tracer sees it, compared with the workload's own clock."""

import tarfile
from collections.abc import Sequence

import pytest

from conformance.outcome.record import Record
from images.builder.layers import File
from tests.support.probing import Ran, run

pytestmark = pytest.mark.engine

ROOT = "/opt/ml/processing"


def watched(ran: Ran) -> int:
    """How many directories the tracer watched."""
    (event,) = Record.parse(ran.record).named("watching")
    return int(event["directories"])


def tree(*paths: str, **files: str) -> dict[str, File]:
    """Directories below /opt/ml/processing, with those above them, and in the named ones a file."""
    directories = {"opt", "opt/ml", "opt/ml/processing"}
    for path in paths:
        parts = path.split("/")
        directories |= {f"opt/ml/processing/{'/'.join(parts[:end])}" for end in range(1, len(parts) + 1)}
    made = {path: File(tarfile.DIRTYPE, 0o777) for path in sorted(directories)}
    return made | {f"opt/ml/processing/{path}": File(data=text.encode()) for path, text in files.items()}


INPUT = {"input/data/x.csv": "1", "input/code/work.py": ""}
PLACES = ("input/data", "input/code", "output/out", "config")

USES = {
    "read": ("open('{root}/input/data/x.csv').read()", ["input/data/x.csv"]),
    "write": ("open('{root}/output/out/y', 'w').write('1')", ["output/out/y"]),
    "moved there": ("open('/opt/y', 'w'); os.rename('/opt/y', '{root}/output/out/y')", ["output/out/y"]),
    "below a new directory": (
        "os.makedirs('{root}/output/out/a/b'); open('{root}/output/out/a/b/y', 'w')",
        ["output/out/a/b/y"],
    ),
    "a named pipe": (
        "pipe = '{root}/output/out/p'; os.mkfifo(pipe); os.fork() or (open(pipe), os._exit(0)); open(pipe, 'w')",
        ["output/out/p"],
    ),
    "by a child": ("os.system('cat {root}/input/data/x.csv > /dev/null')", ["input/data/x.csv"]),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("user", ["", "1000:1000"], ids=["root", "somebody"])
def test_the_first_use_is_when_the_work_began(use: str, user: str) -> None:
    """It comes after the moment that the workload noted, though it had looked around before, and before its end."""
    code, paths = USES[use]
    workload = (
        f"import os, time\nos.listdir('{ROOT}/input/data'); os.stat('{ROOT}/input/data/x.csv'); time.sleep(0.1)\n"
        f"before = time.monotonic()\n{code.format(root=ROOT)}\nprint(before)\ntime.sleep(0.2)"
    )
    files = tree(*PLACES, **INPUT)
    ran = run("python3", "-c", workload, files=files, user=user)
    began, ended = ran.trace.work_began, ran.trace.processes[0].ended
    assert began is not None
    assert ended is not None

    assert (0, "") == (ran.status, ran.trace.fault)
    assert float(ran.output) < began < ended
    assert [f"{ROOT}/{path}" for path in paths] == [each.path for each in ran.trace.uses]


@pytest.mark.parametrize(
    "argv",
    [
        (
            "python3",
            "-c",
            "import os\nfor path, _, _ in os.walk('/opt'): os.listdir(path)\nos.makedirs('/opt/ml/processing/a')",
        ),
        ("python3", f"{ROOT}/input/code/work.py", f"{ROOT}/input/data/x.csv"),
        ("sh", "-c", f"cd {ROOT}/input/code; exec python3 work.py"),
        ("python3", "-c", "open('/opt/ml/processing.txt', 'w'); open('/tmp/x', 'w')"),
    ],
    ids=["looking around", "its own program", "its own program, from there", "elsewhere"],
)
def test_what_is_no_work_is_not_taken_for_it(argv: Sequence[str]) -> None:
    """Listing and making directories, reading a program that was delivered as an input, and files of other places."""
    ran = run(*argv, files=tree(*PLACES, **INPUT))

    assert (0, "", None) == (ran.status, ran.trace.fault, ran.trace.work_began)
    assert 7 == watched(ran)


def test_each_directory_is_told_once() -> None:
    """A thousand files more cost nothing more."""
    workload = (
        "import pathlib\n"
        f"for number in range(1000): pathlib.Path(f'{ROOT}/output/out/{{number}}').write_text(str(number))\n"
        f"pathlib.Path('{ROOT}/input/data/x.csv').read_text()"
    )
    ran = run("python3", "-c", workload, files=tree(*PLACES, **INPUT))

    assert [f"{ROOT}/output/out/0", f"{ROOT}/input/data/x.csv"] == [each.path for each in ran.trace.uses]


def test_the_last_thing_that_is_done_is_seen() -> None:
    """A job that writes its output and ends at once has begun with its work."""
    ran = run("sh", "-c", f": > {ROOT}/output/out/y", files=tree(*PLACES))

    assert [f"{ROOT}/output/out/y"] == [each.path for each in ran.trace.uses]


def test_where_there_are_many_directories_some_are_watched() -> None:
    """Those nearest to the top come first, so that no input with many of them hides the outputs."""
    many = [f"input/data/{number}" for number in range(400)]
    ran = run("sh", "-c", f": > {ROOT}/output/out/y", files=tree(*many, "output/out"))

    assert (256, [f"{ROOT}/output/out/y"]) == (watched(ran), [each.path for each in ran.trace.uses])


def test_without_such_directories_nothing_is_watched() -> None:
    """The trace says so: that no work was seen means nothing then."""
    ran = run("sh", "-c", "exit 3")

    assert (3, "", 0, None) == (ran.status, ran.trace.fault, watched(ran), ran.trace.work_began)
