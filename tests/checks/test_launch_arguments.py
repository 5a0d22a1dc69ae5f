"""Whether ContainerArguments reach the program: by what a stand-in below the image's own ENTRYPOINT was given."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.image.image import Image
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, Outcome
from conformance.rule import odd_words, rerun
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import host, image, judged, not_started, outcome, process, program, ran, request, witness

REACH = "launch.arguments-reach-the-program"
SHELL = process(1, 0, "/bin/sh", "/run.sh")
WORK = process(8, 1, "python3", "/processing.py")
WRAPPER = image(program("/run.sh"), entrypoint=["/run.sh"])
PROGRAM = ("python3", "/processing.py")
ODD = odd_words.odd_arguments(100)


def reached(
    *witnesses: tuple[str, ...], good: Outcome | None = None, of: Image = WRAPPER, ended: Host | None = None
) -> Verdict:
    """The verdict where the stand-in was started with these words, `...` for the odd arguments that were given."""
    before = good or ran(SHELL, WORK)
    given = rerun.with_stand_in(of, before).request
    own = len(of.cmd if before.request.arguments is None else before.request.arguments)
    odd = (given.arguments or ())[own:]
    words = ([part for word in words for part in (odd if word == "..." else (word,))] for words in witnesses)
    seen = replace(ended or host(), witnesses=tuple(witness(*each) for each in words))
    return judged(REACH, of, before, outcome(seen, of=given, variation=Variation.STAND_IN))


def test_arguments_that_arrive_as_they_were_given_conform() -> None:
    """After those of the wrapper's own, before them, and after those of the request or of CMD."""
    asked = request(overrides={"ContainerArguments": ["--rows", "3"]})
    rows = ran(SHELL, process(8, 1, *PROGRAM, "--rows", "3"), of=asked)
    fast = ran(SHELL, process(8, 1, *PROGRAM, "fast"))

    assert Word.CONFORMS is reached((*PROGRAM, "...")).word
    assert Word.CONFORMS is reached((*PROGRAM, "--quiet", "...", "/tmp/x")).word  # noqa: S108 - in an image
    assert Word.CONFORMS is reached((*PROGRAM, "--rows", "3", "..."), good=rows).word
    assert Word.CONFORMS is reached((*PROGRAM, "fast", "..."), good=fast, of=replace(WRAPPER, cmd=("fast",))).word


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (PROGRAM, "it got none of them: 'two words' is missing."),
        ((*PROGRAM, " ".join(ODD)), "it got none of them: 'two words' is missing."),
        ((*PROGRAM, *" ".join(ODD).split(" ")), "of them: 'two words' is missing."),
        ((*PROGRAM, *ODD[:2], *ODD[3:]), 'it got 99 of them: "it\'s" is missing.'),
        ((*PROGRAM, *reversed(ODD)), "it got them in a different order."),
    ],
    ids=["dropped", '"$*"', "$@", "one lost", "order"],
)
def test_arguments_that_a_wrapper_loses_are_advised_against(words: tuple[str, ...], found: str) -> None:
    """The sentence has the program, how many arrived, and the first that did not."""
    verdict = reached(words)

    assert Word.ADVISED == verdict.word
    (advice,) = verdict.violations
    assert advice.startswith("Expected 100 unusual arguments to reach ['python3', '/processing.py'] on algo-1, but it ")
    assert advice.endswith(found)


@pytest.mark.parametrize(
    "words",
    [
        ("/bin/sh", "-c", "python3 /processing.py"),
        ("/bin/bash", "-c", "python3 /processing.py"),
        ("/entry", "-c", "exec python3 /processing.py"),
    ],
    ids=["shell form", "exec form", "SHELL"],
)
def test_a_shell_that_swallows_arguments_is_told_of_once(words: tuple[str, ...]) -> None:
    """By the check of its form, be it a violation or advice."""
    form = image(program("/entry"), entrypoint=words, shell=("/entry", "-c"))  # noqa: S604 - no shell is started
    verdict = reached(PROGRAM, good=ran(process(1, 0, *words), WORK), of=form)

    assert (Word.NOT_JUDGED, "image.entrypoint-exec-form") == (verdict.word, verdict.see)


def test_a_shell_that_hands_arguments_on_is_judged_by_what_arrives() -> None:
    """In exec form it may."""
    words = ("/bin/sh", "-c", 'python3 /processing.py "$@"', "--")
    good = ran(process(1, 0, *words), WORK)

    assert Word.CONFORMS is reached((*PROGRAM, "..."), good=good, of=image(entrypoint=words)).word
    assert Word.ADVISED is reached(PROGRAM, good=good, of=image(entrypoint=words)).word


def test_a_wrapper_that_dispatches_on_its_first_argument_is_not_blamed() -> None:
    """It took one of the odd ones for a command, and left."""
    left = host(exit_code=2, stderr="run.sh: unknown command: two words\n")
    verdict = reached(ended=left)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert (
        "with additional arguments and variables algo-1 did not start ['python3', '/processing.py'] and exited "
        "with code 2; stderr says: 'run.sh: unknown command: two words'"
    ) == verdict.reason


@pytest.mark.parametrize(
    "said",
    [
        "/run.sh: 2: eval: Syntax error: Unterminated quoted string",
        "/run.sh: eval: line 3: unexpected EOF while looking for matching `''",
        "/run.sh: eval: line 2: syntax error: unterminated quoted string",
        "bash: -c: line 1: syntax error near unexpected token `&'",
    ],
    ids=["dash", "bash", "busybox", "bash -c"],
)
def test_arguments_that_a_shell_takes_for_code_are_advised_against(said: str) -> None:
    """It starts no program then, and says why; who says so of any arguments has another flaw."""
    failed = host(exit_code=2, stderr=f"{said}\n")
    verdict = reached(ended=failed)
    usual = reached(ended=failed, good=ran(SHELL, WORK, stderr=f"{said}\n"))

    assert Word.ADVISED is verdict.word
    assert verdict.violations[0].endswith(f"on algo-1, but a shell took them for code: {said!r}.")
    assert Word.NOT_JUDGED is usual.word
    assert Word.CONFORMS is reached((*PROGRAM, "..."), ended=failed).word


def test_a_program_that_shells_start_is_named_by_two_words() -> None:
    """By the interpreter and the script; its own arguments are left out."""
    said = "/run.sh: 2: eval: Syntax error: Unterminated quoted string"
    good = ran(SHELL, process(8, 1, *PROGRAM, "--fast"))
    (advice,) = reached(ended=host(exit_code=2, stderr=said), good=good).violations

    assert "to reach ['python3', '/processing.py'] on algo-1" in advice


def test_arguments_of_its_own_may_give_way_to_those_of_a_request() -> None:
    """As the defaults of a wrapper do, `exec python3 /processing.py "${@:---fast}"`."""
    assert Word.CONFORMS is reached((*PROGRAM, "..."), good=ran(SHELL, process(8, 1, *PROGRAM, "--fast"))).word


@pytest.mark.parametrize("first", ["taken for code", "handed on"])
def test_each_host_is_judged_by_what_arrived_there(first: str) -> None:
    """The first one says nothing of the next."""
    before = outcome(*ran(SHELL, WORK).hosts * 2)
    given = rerun.with_stand_in(WRAPPER, before).request
    kept = host(witnesses=(witness(*PROGRAM, *(given.arguments or ())),))
    taken = host(exit_code=2, stderr="/run.sh: 2: eval: Syntax error: Unterminated quoted string")
    lost = host(witnesses=(witness(*PROGRAM),))
    seen = outcome(kept if first == "handed on" else taken, lost, of=given, variation=Variation.STAND_IN)

    assert "on algo-2, but it got none of them" in judged(REACH, WRAPPER, before, seen).violations[-1]


@pytest.mark.parametrize("ended", [host(exit_code=137, end=End.SUITE_LIMIT), not_started("no")])
def test_a_wrapper_that_waits_for_what_a_stand_in_does_not_do_is_not_blamed(ended: Host) -> None:
    """It may look for a file, or for a port; the reason says how it ended."""
    verdict = reached(ended=ended)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert verdict.reason.endswith(
        "and was stopped at the suite's own time limit" if ended.started else "and did not start: no"
    )


PREPARE = process(6, 1, "python3", "-m", "prepare", ended=6.5)
REPORT = process(90, 1, "python3", "-m", "report", ended=91.0)
MODULE = process(8, 1, "python3", "-m", "processing", ended=89.0)


@pytest.mark.parametrize(
    ("witnesses", "word"),
    [
        ([("-m", "prepare"), ("-m", "processing", "..."), ("-m", "report")], Word.CONFORMS),
        ([("-m", "prepare"), ("-m", "processing"), ("-m", "report")], Word.ADVISED),
        ([("-m", "prepare", "..."), ("-m", "processing"), ("-m", "report")], Word.CONFORMS),
        ([("-m", "prepare"), ("-m", "report")], Word.NOT_JUDGED),
        ([("-c", "print()"), ("-m", "processing", "..."), ("-V",)], Word.CONFORMS),
    ],
    ids=["handed on", "dropped", "read by another", "not started", "asked for its version"],
)
def test_an_interpreter_that_runs_several_programs(witnesses: list[tuple[str, ...]], word: Word) -> None:
    """It was replaced for all of them, and that which does the work is told by its command."""
    verdict = reached(*(("python3", *words) for words in witnesses), good=ran(SHELL, PREPARE, MODULE, REPORT))

    assert word is verdict.word


@pytest.mark.parametrize("other", ["/usr/bin/java", "/opt/tool/bin/report"])
def test_arguments_may_be_for_another_program_below_the_wrapper(other: str) -> None:
    """Nothing stood in for that one, so nobody knows."""
    good = ran(SHELL, process(7, 1, other, "-x", ended=7.5), WORK)
    lost = reached(PROGRAM, good=good)
    kept = reached((*PROGRAM, "..."), good=good)

    assert (Word.NOT_JUDGED, False) == (lost.word, lost.applies)
    assert f"ENTRYPOINT also starts ['{other}', '-x'], which the ContainerArguments may be for" == lost.reason
    assert Word.CONFORMS is kept.word


@pytest.mark.parametrize("overrides", [{"ContainerEntrypoint": ["/run.sh"]}, {}])
def test_arguments_that_are_not_for_entrypoint_are_not_judged(overrides: dict[str, list[str]]) -> None:
    """Those of a ContainerEntrypoint, and of an image that has a CMD alone."""
    good = ran(SHELL, WORK, of=request(overrides=overrides))
    verdict = reached(PROGRAM, good=good, of=WRAPPER if overrides else image(entrypoint=[], cmd=["/run.sh"]))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "the image's ENTRYPOINT does not get ContainerArguments" == verdict.reason


def test_a_job_that_has_no_room_for_further_arguments_shows_nothing() -> None:
    """A hundred of its own, or a CMD that is a script of several lines."""
    full = request(overrides={"ContainerArguments": ["x"] * 100})
    many = reached((*PROGRAM, *["x"] * 100), good=ran(SHELL, WORK, of=full))
    script = reached(PROGRAM, of=replace(WRAPPER, cmd=("echo a\necho b",)))

    for verdict in (many, script):
        assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
        assert verdict.reason.startswith("no ContainerArguments can be added: ")


def test_a_program_without_words_of_its_own_is_known_by_its_name() -> None:
    """What follows are the arguments that it was given."""
    good = ran(process(1, 0, "/p"))
    given = ("two words", "$HOME")
    seen = outcome(host(witnesses=(witness("/p", *given),)), of=request(overrides={"ContainerArguments": given}))

    assert Word.CONFORMS is judged(REACH, image(entrypoint=["/p"]), good, seen).word
