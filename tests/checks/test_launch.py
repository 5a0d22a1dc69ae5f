"""Chapter `launch`: whether the image's own program comes to run."""

import pytest

from conformance.job import Variation
from conformance.outcome import End, Host
from conformance.verdict import Word
from tests.outcomes import elf, file, host, image, judged, not_started, outcome, program

CHECK = "launch.default-command"


def started(ended: Host) -> Word:
    """The verdict on a run of the default command that ended so."""
    return judged(CHECK, image(), outcome(ended, variation=Variation.DEFAULT_COMMAND)).word


@pytest.mark.parametrize("code", [0, 1, 2, 127, 143])
def test_a_program_that_runs_conforms(code: int) -> None:
    """Whatever it exits with: without a job there may be nothing for it to do."""
    assert Word.CONFORMS == started(host(exit_code=code, stderr="processing.py: error: --rows is required\n"))


@pytest.mark.parametrize("end", [End.SUITE_LIMIT, End.MAX_RUNTIME])
def test_a_program_that_stays_conforms(end: End) -> None:
    """It is watched for a moment only."""
    assert Word.CONFORMS == started(host(exit_code=137, end=end))


def test_a_container_that_is_refused_violates() -> None:
    """With the engine's own words, and the command that it refused."""
    verdict = judged(CHECK, image(), outcome(not_started('exec: "x": permission denied')))

    assert Word.VIOLATES == verdict.word
    assert (
        "Expected ['python3', '/processing.py'] to start, and the engine refused: exec: \"x\": permission denied.",
    ) == verdict.violations


@pytest.mark.parametrize(
    "said",
    [
        "exec /run.sh: no such file or directory",
        "exec /run.sh: exec format error",
        "exec ./run.sh: exec format error",
        "exec bin/run: permission denied",
        "standard_init_linux.go:228: exec user process caused: exec format error",
        'standard_init_linux.go:190: exec user process caused "no such file or directory"',
        "exec /run.sh: exec format error\nexec /run.sh: exec format error",
    ],
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_program_that_cannot_be_executed_violates(said: str, stream: str) -> None:
    """The engine starts the container, and its runtime says this in the container's place, on either stream."""
    streams = {"stdout": "", "stderr": ""} | {stream: said + "\r\n"}
    verdict = judged(CHECK, image(), outcome(host(exit_code=1, **streams)))  # type: ignore[arg-type] # only the two streams

    assert Word.VIOLATES == verdict.word
    assert f"it could not be executed (exit code 1): {said.splitlines()[0]}." in verdict.violations[0]


@pytest.mark.parametrize(
    "said",
    [
        "starting\nexec /usr/bin/helper: no such file or directory",
        "sh: 1: exec /x: not found",
        "tini: exec /usr/bin/python failed: No such file or directory",
        "could not exec /x: permission denied",
        "",
    ],
)
def test_a_program_that_complains_of_another_did_run(said: str) -> None:
    """What it says itself is not the runtime's word on it."""
    assert Word.CONFORMS == started(host(exit_code=1, stdout="", stderr=said))


def test_a_program_that_prints_the_words_and_succeeds_did_run() -> None:
    """A runtime that cannot execute a program never exits with 0."""
    assert Word.CONFORMS == started(host(exit_code=0, stdout="", stderr="exec /run.sh: exec format error"))


def test_without_a_command_nothing_can_be_launched() -> None:
    """Another check names that."""
    verdict = judged(CHECK, image(entrypoint=[]), outcome(not_started("no command is specified")))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "image.has-command" in verdict.reason


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        ({"entrypoint": ["gone"]}, "image.entrypoint-exists"),
        ({"entrypoint": ["/"]}, "image.entrypoint-executable"),
        ({"architecture": "arm64"}, "image.platform"),
        ({"entrypoint": ["/run.sh"]}, "image.entrypoint-shebang"),
        ({"entrypoint": ["/arm"]}, "image.entrypoint-machine"),
        ({"entrypoint": ["/musl"]}, "image.entrypoint-loader"),
        ({"user": "nobody"}, "image.user-resolvable"),
    ],
)
def test_one_flaw_is_one_violation(broken: dict[str, object], cause: str) -> None:
    """Where the image alone says why it does not start, that check names it, and this one points there."""
    programs = (
        program("/run.sh", b"#!/bin/none\n"),
        program("/arm", elf(machine=183)),
        program("/musl", elf("/lib/ld-musl-x86_64.so.1")),
    )
    flawed = image(*programs, **broken)  # type: ignore[arg-type] # fields of an image
    verdict = judged(CHECK, flawed, outcome(not_started("no such file")))

    assert Word.VIOLATES == judged(cause, flawed).word
    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert f"what it saw is a consequence of another violation; see {cause}" == verdict.reason


def test_a_file_at_opt_ml_is_one_violation() -> None:
    """Nothing can be mounted there, which the check of the image says."""
    verdict = judged(CHECK, image(file("/opt/ml")), outcome(not_started("not a directory")))

    assert "what it saw is a consequence of another violation; see reserved.is-a-directory" == verdict.reason
