"""Chapter `reserved`: what a run without the image's own /opt/ml shows of what it needs there."""

from dataclasses import replace

import pytest

from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.outcome.outcome import Outcome
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import directory, file, host, image, judged, outcome, program, request

REQUIRED = "reserved.nothing-required"
EMPTY = "reserved.image-is-empty"
CODE = "/opt/ml/code"
SCRIPT = file(f"{CODE}/run.py")

ASKED = request()
OVERRIDING = request(overrides={"ContainerEntrypoint": ["python3", "/x.py"]}, ProcessingJobName="overriding")

PLACES = {
    "WORKDIR": image(SCRIPT, working_directory=CODE),
    "PATH": image(SCRIPT, environment={"PATH": f"{CODE}:/usr/bin"}),
    "PYTHONPATH": image(SCRIPT, environment={"PYTHONPATH": CODE}),
    "LD_LIBRARY_PATH": image(SCRIPT, environment={"LD_LIBRARY_PATH": CODE}),
}
WORD = image(SCRIPT, entrypoint=["python3", f"{CODE}/run.py"])


def well(of: JobRequest = ASKED) -> Outcome:
    """A run that did its work."""
    return outcome(of=of)


def failed(of: JobRequest = ASKED) -> Outcome:
    """A run that did not."""
    return outcome(host(exit_code=1), of=of)


def told(check: str, of: Image, *runs: Outcome, requests: tuple[JobRequest, ...] = ()) -> Verdict:
    """The verdict where the user's requests ran so."""
    return judged(check, of, requests=requests or tuple(run.request for run in runs), runs=runs)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("asked", [ASKED, OVERRIDING], ids=["ENTRYPOINT", "ContainerEntrypoint"])
def test_a_run_that_does_without_overrules_the_rule(place: str, asked: JobRequest) -> None:
    """Which leaves the files there to be advised against."""
    of = PLACES[place]

    assert Word.VIOLATES is told(REQUIRED, of, requests=(asked,)).word
    assert Word.CONFORMS is told(REQUIRED, of, well(asked)).word
    assert Word.CONFORMS is told(EMPTY, of, requests=(asked,)).word
    assert (f"Expected no files below /opt/ml, but the image ships {CODE}/run.py.",) == told(
        EMPTY, of, well(asked)
    ).violations


def test_a_run_of_the_command_overrules_what_its_words_say() -> None:
    """A run with another entrypoint does not, nor one that did not write what it was to write."""
    silent = outcome(host(), of=ASKED)

    assert Word.CONFORMS is told(REQUIRED, WORD, well()).word
    assert Word.ADVISED is told(REQUIRED, WORD, silent).word
    assert Word.VIOLATES is told(REQUIRED, WORD, failed()).word
    assert Word.VIOLATES is told(REQUIRED, WORD, well(OVERRIDING), requests=(ASKED, OVERRIDING)).word


def test_a_run_shows_nothing_of_what_only_another_request_looks_into() -> None:
    """Its Environment names a second place, in which the first request's run did not look."""
    of = image(SCRIPT, file("/opt/ml/more/x.py"), working_directory=CODE)
    asked = request(environment={"PYTHONPATH": "/opt/ml/more"})

    assert (
        "Expected the command to work without /opt/ml, but PYTHONPATH=/opt/ml/more needs /opt/ml/more of the image.",
    ) == told(REQUIRED, of, well(OVERRIDING), requests=(OVERRIDING, asked)).violations


def test_a_program_is_a_word_of_the_command() -> None:
    """So that it is certain where a run of it fails."""
    of = image(program(f"{CODE}/run"), entrypoint=[f"{CODE}/run"])

    assert Word.VIOLATES is told(REQUIRED, of, failed()).word


def test_a_place_is_named_by_what_looks_there_first() -> None:
    """And once, whether or not a run shows it."""
    of = image(SCRIPT, environment={"PATH": CODE, "PYTHONPATH": CODE})

    for verdict in (told(REQUIRED, of, failed()), told(REQUIRED, of, requests=(ASKED,))):
        assert (f"Expected the command to work without /opt/ml, but PATH={CODE} needs {CODE} of the image.",) == (
            verdict.violations
        )


@pytest.mark.parametrize("place", PLACES)
def test_where_a_run_fails_that_only_looks_there_the_rule_is_advice(place: str) -> None:
    """It may have failed for any reason: what it needs is told by comparing it with a run that has the files."""
    assert Word.ADVISED is told(REQUIRED, PLACES[place], failed()).word


def test_a_command_that_no_request_runs_is_not_judged() -> None:
    """Its files are advised against; WORKDIR counts all the same."""
    verdict = told(REQUIRED, WORD, well(OVERRIDING))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert Word.ADVISED is told(EMPTY, WORD, well(OVERRIDING)).word
    assert Word.VIOLATES is told(REQUIRED, replace(WORD, working_directory=CODE), requests=(OVERRIDING,)).word


def test_one_request_that_fails_outweighs_another_that_does_not() -> None:
    """The command's word is what it needs."""
    other = request(ProcessingJobName="other")

    assert Word.VIOLATES is told(REQUIRED, WORD, well(), failed(other)).word
    assert Word.CONFORMS is told(REQUIRED, WORD, well(), requests=(ASKED, other)).word
    assert Word.CONFORMS is told(REQUIRED, PLACES["WORKDIR"], well(), failed(other)).word


def test_arguments_leave_nothing_of_cmd() -> None:
    """What they name themselves is the request's."""
    of = image(SCRIPT, file(f"{CODE}/other.py"), cmd=[f"{CODE}/run.py"])

    assert Word.VIOLATES is told(REQUIRED, of, requests=(ASKED,)).word
    for word in ("--fast", f"{CODE}/other.py"):
        asked = request(overrides={"ContainerArguments": [word]})
        assert Word.CONFORMS is told(REQUIRED, of, requests=(asked,)).word


def test_empty_directories_are_no_files() -> None:
    """With a run and without."""
    bare = image(directory(CODE), working_directory=CODE)

    for check in (REQUIRED, EMPTY):
        assert Word.CONFORMS is told(check, bare, well()).word
        assert Word.CONFORMS is told(check, bare, requests=(ASKED,)).word


def test_what_a_run_overruled_explains_nothing() -> None:
    """A failure of that very run is explained by what its command needs."""
    explained = judged("exit.zero-on-success", WORD, failed())
    looking = judged("exit.zero-on-success", PLACES["WORKDIR"], failed())

    assert (Word.NOT_JUDGED, REQUIRED) == (explained.word, explained.see)
    assert REQUIRED != looking.see
