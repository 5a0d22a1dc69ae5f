"""Chapter `image`: a shell as the first process of a container, by the form of ENTRYPOINT and by what runs show."""

from dataclasses import replace

import pytest

from conformance.job.request import JobRequest
from conformance.outcome.outcome import Outcome
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import becoming, image, judged, process, ran, request

CHECK = "image.entrypoint-exec-form"
SHELL_FORM = ("/bin/sh", "-c", "python3 /processing.py")
ASKED = request()
OVERRIDING = request(overrides={"ContainerEntrypoint": ["python3", "/x.py"]})


def seen(*entrypoint: str, of: JobRequest = ASKED, stays: bool = False) -> Outcome:
    """A run in which the shell of this ENTRYPOINT became the program, or stayed and started it."""
    first = process(1, 0, *entrypoint)
    if stays:
        return ran(first, process(8, 1, "python3", "/processing.py"), of=of)
    return ran(becoming(first, "python3", "/processing.py"), of=of)


def told(*entrypoint: str, runs: tuple[Outcome, ...] = (), requests: tuple[JobRequest, ...] = (ASKED,)) -> Verdict:
    """The verdict on this ENTRYPOINT."""
    return judged(CHECK, image(entrypoint=entrypoint), requests=requests, runs=runs)


@pytest.mark.parametrize("command", ["python3 /processing.py", "python3 /processing.py; true", "exec a | tee b", "a &"])
def test_a_shell_form_entrypoint_violates(command: str) -> None:
    """Without a run nobody knows what becomes of the shell, but that Docker starts one."""
    entrypoint = ("/bin/sh", "-c", command)
    verdict = judged(CHECK, image(entrypoint=entrypoint))

    assert Word.VIOLATES is verdict.word
    (violation,) = verdict.violations
    assert violation == (
        f"Expected ENTRYPOINT in exec form, but it is in shell form, {list(entrypoint)}: Docker starts a shell as "
        "process 1, which gets the signals, and ContainerArguments are swallowed."
    )


def test_the_shell_form_of_the_images_own_shell_violates() -> None:
    """SHELL may begin with another program."""
    shell = ("conda", "run", "-n", "env", "/bin/bash", "-c")
    verdict = judged(CHECK, image(entrypoint=[*shell, "python3 /x.py"], shell=shell))

    assert Word.VIOLATES == verdict.word


def test_a_shell_that_stays_in_the_run_is_said_to_stay() -> None:
    """The MUST rests on the form, and the sentence on what was seen."""
    verdict = told(*SHELL_FORM, runs=(seen(*SHELL_FORM, stays=True),))

    assert Word.VIOLATES is verdict.word
    assert "in the run the shell stayed process 1, which gets the signals" in verdict.violations[0]


def test_a_shell_form_whose_shell_becomes_the_program_is_advice() -> None:
    """As bash and busybox do with a single command; the arguments are lost all the same."""
    verdict = told(*SHELL_FORM, runs=(seen(*SHELL_FORM),))

    assert Word.ADVISED is verdict.word
    assert verdict.violations[0].endswith(
        "in the run the shell replaced itself with ['python3', '/processing.py'], which not every shell does, and "
        "ContainerArguments are swallowed."
    )


ARGUMENTS = request(overrides={"ContainerArguments": ["--rows", "3"]})


def test_a_run_with_arguments_shows_what_becomes_of_an_entrypoint_and_not_of_a_cmd() -> None:
    """They replace CMD, and what it would have done was not seen."""
    of_cmd = image(entrypoint=[], cmd=SHELL_FORM)

    for of, asked, seen_to_stay in (
        (image(entrypoint=SHELL_FORM), ARGUMENTS, True),
        (of_cmd, ASKED, True),
        (of_cmd, ARGUMENTS, False),
    ):
        run = seen(*SHELL_FORM, of=asked, stays=True)
        (found,) = judged(CHECK, of, requests=(asked,), runs=(run,)).violations

        assert seen_to_stay is ("in the run the shell stayed process 1" in found)


def test_one_host_whose_shell_stays_is_enough() -> None:
    """What became of another one does not help it."""
    runs = (seen(*SHELL_FORM), seen(*SHELL_FORM, stays=True))

    assert Word.VIOLATES is told(*SHELL_FORM, runs=runs).word


def test_runs_of_another_command_show_nothing_of_this_one() -> None:
    """Nor do those whose processes nobody saw, nor an init in the shell's place."""
    untraced = replace(seen(*SHELL_FORM), hosts=tuple(replace(host, trace=None) for host in seen(*SHELL_FORM).hosts))
    for run in (seen(*SHELL_FORM, of=OVERRIDING), untraced):
        assert "Docker starts a shell" in told(*SHELL_FORM, runs=(run,)).violations[0]
    shell = ("conda", "run", "-n", "env", "/bin/bash", "-c")
    conda = image(entrypoint=[*shell, "python3 /x.py"], shell=shell)
    launched = ran(process(1, 0, *shell, "python3 /x.py"), process(8, 1, "python3", "/x.py"))

    assert Word.VIOLATES is judged(CHECK, conda, requests=(ASKED,), runs=(launched,)).word


@pytest.mark.parametrize("command", [" exec python3 /x.py", "cd /app && exec python3 x.py", "set -e\nA=b exec x;\n"])
def test_a_shell_form_that_ends_in_exec_is_advice(command: str) -> None:
    """`exec` makes the program process 1, as Docker's own reference has it."""
    verdict = told("/bin/sh", "-c", command)

    assert Word.ADVISED is verdict.word
    assert verdict.violations[0].endswith(
        "its `exec` makes the program process 1, and ContainerArguments are swallowed."
    )


@pytest.mark.parametrize(
    ("command", "told_of"),
    [
        ("['python3', '/app/job.py']", " (JSON strings need double quotes)"),
        ("[ 'python3', 'x.py' ]", " (JSON strings need double quotes)"),
        ('["python3", "x.py",]', ""),
        ("[python3, x.py", ""),
    ],
)
def test_an_array_that_is_no_json_is_called_that(command: str, told_of: str) -> None:
    """Docker takes it for a shell's command line, which cannot run it."""
    verdict = told("/bin/sh", "-c", command)

    assert Word.VIOLATES is verdict.word
    (violation,) = verdict.violations
    assert violation == (
        f"Expected ENTRYPOINT in exec form, but ENTRYPOINT {command} is not a JSON array{told_of}, so Docker runs it "
        "with `/bin/sh -c`."
    )


@pytest.mark.parametrize("command", ["[ -f /x ] && python3 /x.py", "[[ -n $X ]] && python3 /x.py", "[ -f /x ]"])
def test_a_test_of_the_shell_is_no_array(command: str) -> None:
    """It begins with a bracket too."""
    assert "JSON" not in told("/bin/sh", "-c", command).violations[0]


def test_a_cmd_that_is_no_json_is_called_that_too() -> None:
    """As advice: the contract speaks of ENTRYPOINT."""
    verdict = judged(CHECK, image(entrypoint=[], cmd=["/bin/sh", "-c", "['python3', 'x.py']"]))

    assert Word.ADVISED is verdict.word
    assert "CMD ['python3', 'x.py'] is not a JSON array" in verdict.violations[0]


HANDS_ON = ("/bin/sh", "-c", 'cd /app && exec python3 p.py "$@"', "--")
WRITTEN = ("/bin/bash", "-eo", "pipefail", "-c", "python3 /processing.py")


@pytest.mark.parametrize(
    "entrypoint", [HANDS_ON, ("sh", "-c", "exec python3 p.py $*", "p"), ("bash", "-c", "exec x $1")]
)
def test_an_exec_form_whose_shell_becomes_the_program_conforms(entrypoint: tuple[str, ...]) -> None:
    """It is exec form, and both signals and arguments get where they should."""
    assert Word.CONFORMS is told(*entrypoint).word


def test_an_exec_form_is_shown_to_become_the_program_by_a_run() -> None:
    """Whatever its string looks like."""
    entrypoint = ("bash", "-c", 'python3 /processing.py "$@"', "--")

    assert Word.CONFORMS is told(*entrypoint, runs=(seen(*entrypoint),)).word
    assert Word.ADVISED is told(*entrypoint).word
    assert Word.ADVISED is told(*entrypoint, runs=(seen(*entrypoint, stays=True),)).word


def test_an_exec_form_that_swallows_arguments_is_advice() -> None:
    """The sentence says no more than that where the shell becomes the program."""
    verdict = told("bash", "-c", "exec python3 /processing.py")

    assert Word.ADVISED is verdict.word
    assert verdict.violations[0].startswith(
        "Expected ContainerArguments to be passed on, but ENTRYPOINT ['bash', '-c', "
    )


@pytest.mark.parametrize(
    ("stays", "said"),
    [(True, "which stayed process 1 in the run"), (None, "which gets the signals unless it uses exec")],
)
def test_an_exec_form_with_a_shell_in_the_way_is_advice(stays: bool | None, said: str) -> None:  # noqa: FBT001 - a parameter of a test
    """By its letter it is what the contract asks for; whether signals arrive is judged by stopping it."""
    verdict = told(*WRITTEN, runs=() if stays is None else (seen(*WRITTEN, stays=stays),))

    assert Word.ADVISED is verdict.word
    assert said in verdict.violations[0]
    assert verdict.violations[0].endswith("and ContainerArguments are swallowed.")


def test_a_shell_form_that_no_request_uses_is_advice() -> None:
    """Where one uses it, it is a violation."""
    assert Word.ADVISED is told(*SHELL_FORM, requests=(OVERRIDING,)).word
    assert Word.VIOLATES is told(*SHELL_FORM, requests=(OVERRIDING, ASKED)).word


def test_a_shell_form_cmd_alone_is_advice() -> None:
    """The contract speaks of ENTRYPOINT."""
    verdict = judged(CHECK, image(entrypoint=[], cmd=SHELL_FORM))

    assert Word.ADVISED == verdict.word
    assert str(list(SHELL_FORM)) in verdict.violations[0]
