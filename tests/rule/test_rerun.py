"""What is run next, after what the undisturbed run showed: a request that the API takes, or a reason to run nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.image.image import Image
from conformance.job.model import model_faults
from conformance.job.request import JobRequest
from conformance.job.standin import StandIn
from conformance.job.validation import service_faults
from conformance.outcome.outcome import End, JobStatus, Outcome
from conformance.outcome.trace import Process
from conformance.rule import odd_words, rerun
from conformance.rule.declaration import DoesNotApply, NotJudged
from tests.support import legal_requests
from tests.support.outcomes import (
    OUTPUT,
    becoming,
    directory,
    file,
    host,
    image,
    link,
    outcome,
    process,
    program,
    ran,
    request,
)

SHELL = process(1, 0, "/bin/sh", "/run.sh")
WORK = process(8, 1, "python3", "/processing.py")
WRAPPED = ran(SHELL, WORK)
WRAPPER = image(program("/run.sh"), entrypoint=["/run.sh"])

legal_words = st.lists(legal_requests.words, min_size=1, max_size=odd_words.MOST_WORDS)
any_words = st.lists(st.text(max_size=300), max_size=120)


def faults(of: JobRequest) -> list[str]:
    """Why the API would not take a request."""
    document = dict(of.document)
    return [*model_faults(document)] or [*service_faults(document)]


@given(st.integers(-5, odd_words.MOST_WORDS))
def test_odd_arguments_are_all_different_and_legal(count: int) -> None:
    """As many as were asked for: what one of them became is never taken for another."""
    words = odd_words.odd_arguments(count)

    assert max(count, 0) == len(words) == len(set(words))
    assert not words or [] == faults(request(overrides={"ContainerArguments": words}))


@given(st.integers(-5, odd_words.MOST_WORDS))
def test_odd_variables_are_legal(count: int) -> None:
    """As many as were asked for."""
    variables = odd_words.odd_environment(count)

    assert max(count, 0) == len(variables)
    assert [] == faults(request(environment=variables))


def test_what_is_odd_is_odd() -> None:
    """A hundred hold each odd word or value as it is, and one at least that is as long as may be."""
    words, values = (
        odd_words.odd_arguments(odd_words.MOST_WORDS),
        odd_words.odd_environment(odd_words.MOST_WORDS).values(),
    )

    assert set(odd_words.ODD_WORDS) < set(words)
    assert set(odd_words.ODD_VALUES) < set(values)
    assert {"", "two\nlines\n"} < set(values)
    assert [odd_words.LONGEST_WORD] * 2 == [max(map(len, words)), max(map(len, values))]


# The stand-in


@given(st.none() | legal_words, st.dictionaries(st.from_regex("[A-Z]{1,9}", fullmatch=True), st.text("a", max_size=9)))
def test_a_request_with_a_stand_in_is_one_that_the_api_takes(words: list[str] | None, own: dict[str, str]) -> None:
    """However many arguments and variables it had: they stay, and all room behind them is filled."""
    asked = request(overrides={} if words is None else {"ContainerArguments": words}, environment=own)
    changed = rerun.with_stand_in(WRAPPER, ran(SHELL, WORK, of=asked)).request
    arguments = changed.arguments or ()

    assert [] == faults(changed)
    assert (*(words or ()),) == arguments[: len(words or ())]
    assert own.items() <= changed.environment.items()
    assert [odd_words.MOST_WORDS] * 2 == [len(arguments), len(changed.environment)]


def test_a_variable_of_an_odd_name_may_be_the_jobs_own() -> None:
    """It keeps its value."""
    asked = request(environment={"CONFORMANCE_1": "own"})

    assert "own" == rerun.with_stand_in(WRAPPER, ran(SHELL, WORK, of=asked)).request.environment["CONFORMANCE_1"]


@given(any_words)
def test_whatever_cmd_holds_the_request_is_one_that_the_api_takes(cmd: list[str]) -> None:
    """Where CMD is nothing that a request may have, arguments are left out, and so it stays what runs."""
    changed = rerun.with_stand_in(replace(WRAPPER, cmd=tuple(cmd)), WRAPPED).request

    assert [] == faults(changed)
    assert changed.arguments is None or changed.arguments == tuple(cmd) + odd_words.odd_arguments(100 - len(cmd))


@pytest.mark.parametrize(
    "cmd", [["x"] * 101, ["echo a\necho b"], ["x" * 257], [""]], ids=["many", "two lines", "long", "empty"]
)
def test_a_cmd_that_no_request_may_have_gets_no_arguments(cmd: list[str]) -> None:
    """The variables are given all the same."""
    changed = rerun.with_stand_in(replace(WRAPPER, cmd=tuple(cmd)), WRAPPED).request

    assert (None, 100) == (changed.arguments, len(changed.environment))


def test_cmd_is_what_further_arguments_come_after() -> None:
    """ContainerArguments take its place, so they begin with it; the request's own have taken it already."""
    with_cmd = replace(WRAPPER, cmd=("process", "--fast"))
    given_some = ran(SHELL, WORK, of=request(overrides={"ContainerArguments": ["train"]}))

    assert ("process", "--fast", *odd_words.odd_arguments(98)) == rerun.with_stand_in(
        with_cmd, WRAPPED
    ).request.arguments
    assert ("train", *odd_words.odd_arguments(99)) == rerun.with_stand_in(with_cmd, given_some).request.arguments


@pytest.mark.parametrize("words", [None, ["--rows"]])
def test_arguments_of_a_requests_own_entrypoint_stay_as_they_are(words: list[str] | None) -> None:
    """They are not for the image's ENTRYPOINT."""
    overrides = {"ContainerEntrypoint": ["/run.sh"]} | ({} if words is None else {"ContainerArguments": words})
    changed = rerun.with_stand_in(WRAPPER, ran(SHELL, WORK, of=request(overrides=overrides))).request

    assert ("/run.sh",) == changed.entrypoint
    assert (None if words is None else tuple(words)) == changed.arguments
    assert 100 == len(changed.environment)


def test_an_image_of_cmd_alone_gets_no_arguments() -> None:
    """The first of them would be taken for the program."""
    changed = rerun.with_stand_in(image(entrypoint=[], cmd=["/run.sh"]), WRAPPED).request

    assert (None, 100) == (changed.arguments, len(changed.environment))


def test_the_probe_takes_the_place_of_the_programs_file() -> None:
    """Links resolved; nothing is stopped."""
    again = rerun.with_stand_in(WRAPPER, WRAPPED)

    assert ("/usr/bin/python3.12", None) == (again.stand_in, again.stop_after_seconds)


def test_a_process_of_no_file_has_no_stand_in() -> None:
    """A fork that became no program, as a child of conda may."""
    conda = process(1, 0, "/opt/conda/bin/conda", "run", "w")
    fork = replace(process(8, 1, "w"), executions=())

    with pytest.raises(DoesNotApply, match="no executable that could be replaced"):
        rerun.with_stand_in(image(), ran(conda, fork))


# What both the stand-in and the overridden run need

FAILED = outcome(host(exit_code=1))
UNSEEN = outcome(host(file(f"{OUTPUT}/a"), untraced="ptrace is forbidden"))
TWO_AT_ONCE = ran(SHELL, process(7, 1, "/redis"), WORK)


@pytest.mark.parametrize(
    ("good", "reason"),
    [
        (FAILED, "the unmodified job already fails; see exit.zero-on-success"),
        (outcome(host(exit_code=0, end=End.MAX_RUNTIME)), "the unmodified job already fails"),
        (UNSEEN, "could not be traced: ptrace is forbidden"),
        (TWO_AT_ONCE, "no single process does the work: process 8"),
    ],
    ids=["failed", "stopped", "unseen", "doubt"],
)
def test_without_a_program_that_is_known_nothing_is_run_again(good: Outcome, reason: str) -> None:
    """The reason says why not."""
    for again in (rerun.with_stand_in, rerun.overridden):
        with pytest.raises(NotJudged, match=reason):
            again(image(), good)


# Without ENTRYPOINT


def test_the_program_below_a_wrapper_is_named() -> None:
    """With all that the wrapper handed to it, and the variables of the request."""
    asked = request(overrides={"ContainerArguments": ["--rows", "3"]}, environment={"A": "1"})
    work = process(8, 1, "python3", "/processing.py", "--rows", "3")
    changed = rerun.overridden(image(), ran(SHELL, work, of=asked)).request

    assert (work.argv, None, {"A": "1"}) == (changed.entrypoint, changed.arguments, changed.environment)
    assert [] == faults(changed)


def test_a_stand_in_takes_arguments_beside_a_container_entrypoint() -> None:
    """The image's own program may not know them."""
    good = ran(SHELL, process(7, 1, "python3", "/processing.py"), of=request(environment={"A": "1"}))
    played = replace(good, stand_in=StandIn("/usr/bin/python3.12", ("python3", "/processing.py")))
    both = rerun.overridden_both(image(), played)

    assert rerun.overridden_both(image(), good) is None
    assert both is not None
    assert ("python3", "/processing.py") == both.request.entrypoint
    assert odd_words.ODD_WORDS[:3] == both.request.arguments
    assert {"A": "1"} == both.request.environment


def test_a_wrapper_that_becomes_the_program_is_overridden() -> None:
    """What it did before is not done then."""
    changed = rerun.overridden(image(), ran(becoming(SHELL, "python3", "/processing.py"))).request

    assert ("python3", "/processing.py") == changed.entrypoint


@pytest.mark.parametrize(
    ("good", "reason"),
    [
        (ran(process(1, 0, "python3", "/processing.py")), "ENTRYPOINT starts the program directly"),
        (
            ran(SHELL, process(7, 1, "python3", "/prepare.py", ended=8.0), WORK),
            ("ENTRYPOINT starts several programs"),
        ),
        (ran(SHELL, replace(WORK, exit_code=1)), "ENTRYPOINT makes something of the exit code"),
        (
            ran(SHELL, WORK, of=request(overrides={"ContainerEntrypoint": ["/run.sh"]})),
            "has its own ContainerEntrypoint",
        ),
        (ran(SHELL, process(8, 1, "python3", "x" * 257)), "expected at most 256 characters, got 257"),
        (ran(SHELL, process(8, 1, "python3", *["x"] * 100)), "expected at most 100 entries, got 101"),
        (ran(SHELL, process(8, 1, "python3", "-c", "a\nb")), "expected a string matching"),
        (ran(SHELL, process(8, 1, "python3", "")), "expected a non-empty string"),
        (ran(SHELL, process(8, 1, "python3", "\udcff")), "expected Unicode text"),
    ],
    ids=["itself", "several", "an answer", "own", "long", "many", "lines", "empty", "bytes"],
)
def test_a_program_that_no_request_can_name_is_not_run_alone(good: Outcome, reason: str) -> None:
    """The clause does not apply then, and the reason says why."""
    with pytest.raises(DoesNotApply, match=reason):
        rerun.overridden(image(), good)


@given(st.lists(st.text(max_size=300), min_size=1, max_size=120))
def test_whatever_a_wrapper_starts_the_request_is_one_that_the_api_takes(words: list[str]) -> None:
    """Or there is none."""
    try:
        changed = rerun.overridden(image(), ran(SHELL, process(8, 1, *words, executable="/usr/bin/python3.12"))).request
    except DoesNotApply:
        return

    assert [] == faults(changed)


CONDA = (program("/opt/conda/bin/python3.11"), link("/opt/conda/bin/python", "python3.11"))
OF_CONDA = "/opt/conda/bin/python3.11"


@pytest.mark.parametrize(
    ("of", "work", "first"),
    [
        (image(), process(8, 1, "worker", "/x.py", executable="/usr/bin/python3.12"), "/usr/bin/python3.12"),
        (image(program("/bin/bash")), process(8, 1, "-bash", "/x.py", executable="/bin/bash"), "/bin/bash"),
        (image(*CONDA), process(8, 1, "python", "/x.py", executable=OF_CONDA), "python"),
        (image(*CONDA), process(8, 1, "bin/python", "/x.py", executable=OF_CONDA), "bin/python"),
        (image(file("/etc/worker")), process(8, 1, "worker", executable="/usr/bin/python3.12"), "/usr/bin/python3.12"),
    ],
    ids=["exec -a", "login shell", "PATH of a wrapper", "directory of a wrapper", "another file's name"],
)
def test_a_program_is_named_as_it_was_called_where_a_file_has_that_name(of: Image, work: Process, first: str) -> None:
    """A name of its own choice would start nothing; one that only a wrapper's PATH leads to is what is to be shown."""
    changed = rerun.overridden(of, ran(SHELL, work)).request

    assert (first, *work.argv[1:]) == changed.entrypoint


def in_directory(cwd: str, *argv: str) -> Outcome:
    """A job whose wrapper went to a directory before it started this."""
    work = process(8, 1, *argv)
    there = replace(work.executions[0], cwd=cwd)
    return ran(SHELL, replace(work, executions=(there,)))


@pytest.mark.parametrize(
    ("cwd", "argv", "named"),
    [
        ("/app", ("python3", "-u", "job.py", "a", "job.py"), ("python3", "-u", "/app/job.py", "a", "job.py")),
        ("/app/deep", ("python3", "../job.py"), ("python3", "/app/job.py")),
        ("", ("python3", "processing.py"), ("python3", "/processing.py")),
        ("/", ("python3", "/app/job.py"), ("python3", "/app/job.py")),
        ("/", ("python3", "/app//job.py"), ("python3", "/app//job.py")),
        ("/gone", ("python3", "job.py", "a"), ("python3", "job.py", "a")),
        ("/app", ("/bin/tool", "job.py"), ("/bin/tool", "job.py")),
        ("/app", ("python3", "-c", "job.py"), ("python3", "-c", "job.py")),
    ],
    ids=["script", "above", "not known", "whole", "whole, odd", "no such file", "no interpreter", "code"],
)
def test_a_script_is_named_by_its_whole_path_where_the_wrapper_went_elsewhere(
    cwd: str, argv: tuple[str, ...], named: tuple[str, ...]
) -> None:
    """As a file of the image; what is no script stays as it is."""
    of = image(program("/run.sh"), file("/app/job.py"), entrypoint=["/run.sh"])

    assert named == rerun.overridden(of, in_directory(cwd, *argv)).request.entrypoint


def test_a_program_without_words_is_named_by_its_file() -> None:
    """A process may be started with no argv at all."""
    work = process(8, 1, "python3")
    bare = replace(work, executions=(replace(work.executions[0], argv=()),))

    assert ("/usr/bin/python3.12",) == rerun.overridden(WRAPPER, ran(SHELL, bare)).request.entrypoint


# Its own /opt/ml

SHIPPING = image(directory("/opt/ml/scratch"))


def test_a_job_that_fails_is_run_again_with_what_the_image_ships_there() -> None:
    """An empty directory is enough."""
    again = rerun.with_own_reserved(SHIPPING, FAILED)

    assert rerun.Rerun(FAILED.request) == again


@pytest.mark.parametrize(
    ("of", "replaced"),
    [
        (SHIPPING, outcome()),
        (SHIPPING, replace(outcome(), status=JobStatus.FAILED)),
        (SHIPPING, outcome(host(exit_code=137, end=End.SUITE_LIMIT))),
        (image(), FAILED),
        (image(directory("/opt/ml"), file("/opt/mlflow")), FAILED),
    ],
    ids=["completed", "message", "limit", "nothing there", "empty"],
)
def test_a_run_that_would_show_the_same_is_not_run(of: Image, replaced: Outcome) -> None:
    """Where nothing failed, or nothing else is there."""
    assert rerun.with_own_reserved(of, replaced) is None


# An empty /tmp


def test_a_job_is_run_with_an_empty_tmp_where_the_image_ships_something_there() -> None:
    """A link is as good as a file."""
    for shipped in (file("/tmp/tool/run.py"), link("/tmp/tool", "/opt/tool")):  # noqa: S108 - paths of the image
        assert rerun.Rerun(WRAPPED.request) == rerun.with_empty_tmp(image(directory("/tmp"), shipped), WRAPPED)  # noqa: S108 - the same


@pytest.mark.parametrize(
    "of",
    [image(), image(directory("/tmp"), directory("/tmp/a")), image(file("/tmpfiles/x"))],  # noqa: S108 - paths of the image
    ids=["none", "directories", "beside"],
)
def test_where_the_image_ships_no_files_in_tmp_an_empty_one_shows_nothing(of: Image) -> None:
    """The reason names the place."""
    with pytest.raises(DoesNotApply, match="the image ships no files in /tmp"):
        rerun.with_empty_tmp(of, WRAPPED)


def test_a_job_that_fails_is_not_run_with_an_empty_tmp() -> None:
    """Its failure would show nothing."""
    with pytest.raises(NotJudged, match="the unmodified job already fails"):
        rerun.with_empty_tmp(image(file("/tmp/x")), FAILED)  # noqa: S108 - a path of the image
