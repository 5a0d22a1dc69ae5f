"""Chapter `logs`: what a container writes to stdout and stderr."""

from dataclasses import replace

import pytest

from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.job.variation import INPUT_MARKER, Variation
from conformance.outcome.outcome import End, Log, Outcome
from conformance.outcome.trace import Trace
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import (
    elf,
    empty_inputs,
    file,
    host,
    image,
    judged,
    log,
    not_started,
    outcome,
    process,
    program,
    ran,
    request,
)

CHECK = "logs.on-stdout-or-stderr"


@pytest.mark.parametrize(("stdout", "stderr"), [("done", ""), ("", "done"), ("\n", ""), (b"\xff", ""), ("a", "b")])
def test_a_byte_on_either_conforms(stdout: str | bytes, stderr: str) -> None:
    """Processing sends both to CloudWatch Logs."""
    assert Word.CONFORMS == judged(CHECK, image(), outcome(host(stdout=stdout, stderr=stderr))).word


@pytest.mark.parametrize("end", [End.EXITED, End.SUITE_LIMIT])
def test_silence_is_advised_against(end: End) -> None:
    """A log file within the container does not count."""
    verdict = judged(CHECK, image(), outcome(host(file("/opt/ml/processing/run.log"), stdout="", end=end)))

    assert Word.ADVISED == verdict.word
    assert (
        "Expected at least one line on stdout or stderr, but algo-1 wrote nothing to either.",
    ) == verdict.violations


def test_a_container_that_did_not_start_said_nothing() -> None:
    """Which is judged elsewhere."""
    verdict = judged(CHECK, image(), outcome(not_started("no")))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert "exit.zero-on-success" in verdict.reason


UNBUFFERED = "logs.unbuffered"


@pytest.mark.parametrize(
    "argv",
    [
        ["python3", "/processing.py"],
        ["python3", "-W", "unused", "/processing.py", "-u"],
        ["/usr/bin/python3.12", "-m", "processing"],
        ["env", "STAGE=test", "python", "/x.py"],
        ["/run.py"],
    ],
)
def test_python_with_a_buffer_is_advised_against(argv: list[str]) -> None:
    """Also where a script's first line asks for it, and where a later -u is the script's own argument."""
    buffered = image(program("/run.py", b"#!/usr/bin/env python3\n"), entrypoint=argv, environment={})
    verdict = judged(UNBUFFERED, buffered)

    assert Word.ADVISED == verdict.word
    assert verdict.violations[0].endswith("is started with neither.")
    assert Word.CONFORMS == judged(UNBUFFERED, image(*buffered.files, entrypoint=argv)).word


@pytest.mark.parametrize(
    "argv",
    [
        ["python3", "-u", "/processing.py"],
        ["python3", "-Eus", "/processing.py"],
        ["python3", "-W", "ignore", "-um", "processing"],
        ["/run.py"],
    ],
)
def test_without_a_buffer_it_conforms(argv: list[str]) -> None:
    """The option may share its word, and stand in a script's first line."""
    good = image(program("/run.py", b"#!/usr/bin/env -S python3 -u\n"), entrypoint=argv, environment={})

    assert Word.CONFORMS == judged(UNBUFFERED, good).word


@pytest.mark.parametrize("argv", [["/run.sh"], ["bash", "/run.sh"], ["/usr/bin/count"], []])
def test_where_no_python_is_seen_it_does_not_apply(argv: list[str]) -> None:
    """What a wrapper starts only a run can show."""
    other = image(
        program("/run.sh", b"#!/bin/sh\n"), program("/usr/bin/count", elf("")), entrypoint=argv, environment={}
    )
    verdict = judged(UNBUFFERED, other)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


WRAPPED = image(program("/run.sh", b"#!/bin/sh\n"), entrypoint=["/run.sh"], environment={})
WORK = ("python3", "/processing.py")


def wrapped(*argv: str, unbuffered: bool | None = None, of: JobRequest | None = None) -> Outcome:
    """A run of a wrapper that starts this command, and whether PYTHONUNBUFFERED was in its environment."""
    work = process(8, 1, *argv)
    (execution,) = work.executions
    work = replace(work, executions=(replace(execution, unbuffered=unbuffered),))
    return ran(process(1, 0, "/bin/sh", "/run.sh"), work, of=of)


def by_run(run: Outcome, of: Image = WRAPPED) -> Verdict:
    """The verdict where this run of the user's request was seen."""
    return judged(UNBUFFERED, of, requests=(run.request,), runs=(run,))


@pytest.mark.parametrize("unbuffered", [None, False])
def test_python_behind_a_wrapper_is_judged_by_the_run(unbuffered: bool | None) -> None:  # noqa: FBT001 - a parameter of a test
    """What the image says of its command shows nothing of it."""
    verdict = by_run(wrapped(*WORK, unbuffered=unbuffered))

    assert Word.ADVISED is verdict.word
    (advice,) = verdict.violations
    assert advice.endswith("the option -u, but python3 is started with neither by algo-1 of job example.")


@pytest.mark.parametrize(
    "run",
    [
        wrapped("python3", "-u", "/processing.py"),
        wrapped(*WORK, unbuffered=True),
        wrapped(*WORK, of=request(environment={"PYTHONUNBUFFERED": "1"})),
    ],
    ids=["option", "set by the wrapper", "set by the request"],
)
def test_python_behind_a_wrapper_may_be_unbuffered(run: Outcome) -> None:
    """By the option, by the wrapper, or by the request."""
    assert Word.CONFORMS is by_run(run).word


def test_another_program_behind_a_wrapper_is_no_python() -> None:
    """Nothing is said of it, and a Python that the wrapper starts for a moment does not count."""
    helper, work = process(8, 1, "python3", "/port.py", ended=8.5), process(9, 1, "/usr/bin/count")
    run = ran(process(1, 0, "/bin/sh", "/run.sh"), helper, work)

    assert (Word.NOT_JUDGED, False) == (by_run(run).word, by_run(run).applies)


def test_an_entrypoint_of_the_request_is_judged_where_nobody_saw_the_run() -> None:
    """It is what the request runs, whatever the image's own command is."""
    asked = request(overrides={"ContainerEntrypoint": ["python3", "/x.py"]})
    verdict = judged(UNBUFFERED, WRAPPED, requests=(asked,))

    assert Word.ADVISED is verdict.word
    unseen = judged(UNBUFFERED, image(environment={}), requests=(request(environment={"PYTHONUNBUFFERED": "x"}),))
    assert Word.CONFORMS is unseen.word


STDERR_ALONE = "the program writes to stderr alone, which Python buffers no longer than a line"


@pytest.mark.parametrize(
    ("stdout", "stderr", "applies"),
    [("", "x", False), ("", "x" * 9, False), ("x", "x", True), ("x", "", True), ("", "", True)],
)
def test_what_writes_to_stderr_alone_loses_nothing(stdout: str, stderr: str, applies: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """What writes to neither may yet write to stdout."""
    run = wrapped(*WORK)
    (ended,) = run.hosts
    verdict = by_run(replace(run, hosts=(replace(ended, stdout=log(stdout), stderr=log(stderr)),)))

    assert applies == (Word.ADVISED is verdict.word)
    assert (("" if applies else STDERR_ALONE), applies) == (verdict.reason, verdict.applies)


def test_one_host_that_writes_to_stdout_is_enough() -> None:
    """The others may write to stderr alone."""
    run = wrapped(*WORK)
    (ended,) = run.hosts
    silent = replace(ended, name="algo-2", stdout=log(""), stderr=log("x"))

    assert Word.ADVISED is by_run(replace(run, hosts=(silent, ended))).word


def test_each_host_is_judged_by_the_python_that_worked_on_it() -> None:
    """One where it has no buffer and one where no program is seen say nothing of the next."""
    (good,), (bad,) = (wrapped(*WORK, unbuffered=unbuffered).hosts for unbuffered in (True, False))
    (asked,) = wrapped("python3", "-u", "/processing.py").hosts
    idle = replace(good, trace=Trace((), tracer=2))
    run = replace(wrapped(*WORK), hosts=(idle, good, asked, replace(bad, name="algo-2")))
    (advice,) = by_run(run).violations

    assert advice.endswith("by algo-2 of job example.")


def test_each_request_is_judged_by_its_own_run() -> None:
    """A wrapper may start another program for each."""
    second = wrapped(*WORK, of=request(ProcessingJobName="second"))
    runs = (wrapped(*WORK, unbuffered=True), second)
    (advice,) = judged(UNBUFFERED, WRAPPED, requests=tuple(run.request for run in runs), runs=runs).violations

    assert advice.endswith("by algo-1 of job second.")


@pytest.mark.parametrize(
    ("argv", "word"), [(("worker", "-u", "/x.py"), Word.CONFORMS), (("worker", "/x.py"), Word.ADVISED)]
)
def test_a_python_of_another_name_is_known_by_its_file(argv: tuple[str, ...], word: Word) -> None:
    """The words after the name are its options all the same."""
    work = process(8, 1, *argv, executable="/usr/bin/python3.12")

    assert word is by_run(ran(process(1, 0, "/bin/sh", "/run.sh"), work)).word


def test_an_untraced_run_leaves_the_command_to_be_judged() -> None:
    """By what the image or the request says of it."""
    run = outcome(host())
    asked = outcome(host(), of=request(overrides={"ContainerEntrypoint": ["python3", "/x.py"]}))

    assert Word.ADVISED is by_run(run, image(environment={})).word
    assert Word.ADVISED is by_run(asked).word
    assert Word.CONFORMS is by_run(run, image()).word


def test_an_empty_variable_is_none() -> None:
    """As Python takes it."""
    assert Word.ADVISED == judged(UNBUFFERED, image(environment={"PYTHONUNBUFFERED": ""})).word


@pytest.mark.parametrize("option", ["-I", "-E", "-sE"])
def test_an_option_that_ignores_the_environment_ignores_the_variable_too(option: str) -> None:
    """Python then buffers, though PYTHONUNBUFFERED is set, unless it has -u as well."""
    entrypoints = [("python3", option, "/p.py"), ("python3", option, "-u", "/p.py")]
    words = [judged(UNBUFFERED, image(entrypoint=each)).word for each in entrypoints]

    assert [Word.ADVISED, Word.CONFORMS] == words


def test_an_option_of_another_meaning_leaves_the_variable_to_be_heeded() -> None:
    """Such as -X, whatever its operand."""
    assert Word.CONFORMS is judged(UNBUFFERED, image(entrypoint=("python3", "-X", "utf8", "/p.py"))).word


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_the_way_to_the_credentials_is_no_log(stream: str) -> None:
    """On either stream; the sentence does not repeat the value."""
    secret = "/v2/credentials/0815"
    said = f"export AWS_CONTAINER_CREDENTIALS_RELATIVE_URI='{secret}'\n"
    printing = host(secret=secret, stdout=said) if stream == "stdout" else host(secret=secret, stderr=said)

    found = judged("logs.no-secrets", image(), outcome(printing))

    assert Word.ADVISED is found.word
    assert secret not in found.text


def test_an_ordinary_log_holds_no_credentials() -> None:
    """Only the value of this very run counts."""
    found = judged("logs.no-secrets", image(), outcome(host(stdout="/v2/credentials\n", secret="/v2/credentials/0815")))

    assert Word.CONFORMS is found.word


SECRETS = "logs.no-secrets"


def test_an_environment_that_is_printed_only_at_a_failure_is_told_once() -> None:
    """With empty inputs or with corrupt ones, as many programs do that print nothing of it otherwise."""
    leaking = host(exit_code=1, stderr="URI=/v2/credentials/0815\n", secret="/v2/credentials/0815")
    corrupt = outcome(leaking, variation=Variation.CORRUPT_INPUTS)
    verdicts = [
        judged(SECRETS, image(), outcome(), outcome(), corrupt),
        judged(SECRETS, image(), outcome(), empty_inputs(leaking), corrupt),
    ]

    assert [Word.ADVISED, Word.ADVISED] == [verdict.word for verdict in verdicts]
    assert ["corrupt", "empty"] == [verdict.violations[0].rstrip(".").rpartition(" ")[2] for verdict in verdicts]


def test_credentials_and_input_data_are_told_each_for_itself() -> None:
    """A log may hold both."""
    secret = "/v2/credentials/0815"
    leaking = outcome(host(exit_code=1, stderr=f"{secret} {INPUT_MARKER}", secret=secret))
    advice = judged(SECRETS, image(), outcome(), outcome(), leaking).violations

    assert ["Expected no credentials", "Expected no input data"] == [
        each.partition(" in the log")[0] for each in advice
    ]


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_log_that_repeats_an_input_is_advised_against(stream: str) -> None:
    """On either stream, though the job fails as it should; the word is the suite's own, so it is told."""
    said = f"bad row: {INPUT_MARKER},1,2\n"
    ended = host(stdout=said, exit_code=1) if stream == "stdout" else host(stderr=said, exit_code=1)
    verdict = judged(SECRETS, image(), outcome(), outcome(ended, variation=Variation.CORRUPT_INPUTS))

    assert Word.ADVISED is verdict.word
    (advice,) = verdict.violations
    assert advice.startswith("Expected no input data in the log, but algo-1 repeated a word of a ")
    assert advice.endswith(f"corrupt input: {INPUT_MARKER}.")


def test_a_secret_that_is_in_no_kept_part_of_a_log_is_advised_against() -> None:
    """The service has looked at the whole stream, of which the outcome holds both ends."""
    secret = "/v2/credentials/0815"
    long = replace(host(secret=secret), stdout=Log(b"x", b"y", 800_000, frozenset({secret})))

    assert Word.ADVISED is judged(SECRETS, image(), outcome(long)).word


def test_a_log_whose_beginning_nobody_saw_is_not_judged() -> None:
    """In either run; what was found in the rest is told all the same."""
    dropped = replace(host(), stdout=Log(b"x", b"y", 16 << 20, complete=False))
    leaking = replace(dropped, stderr=log(INPUT_MARKER))
    printing = replace(dropped, secrets=("/v2/x",), stderr=log("/v2/x", "/v2/x"))
    runs = [
        (outcome(dropped), outcome(variation=Variation.CORRUPT_INPUTS)),
        (outcome(), outcome(dropped, variation=Variation.CORRUPT_INPUTS)),
        (outcome(), outcome(leaking, variation=Variation.CORRUPT_INPUTS)),
        (outcome(printing), outcome(variation=Variation.CORRUPT_INPUTS)),
    ]
    verdicts = [judged(SECRETS, image(), *both) for both in runs]

    assert [Word.NOT_JUDGED, Word.NOT_JUDGED, Word.ADVISED, Word.ADVISED] == [verdict.word for verdict in verdicts]
    assert "the log of algo-1 is so long that the engine may have dropped its start" == verdicts[0].reason
    assert verdicts[0].applies


@pytest.mark.parametrize(
    "said",
    [
        "UnicodeDecodeError: 'utf-8' codec can't decode byte 0x80 in position 0: invalid start byte",
        "ERROR part-1.csv cannot be read at byte 0, skipping it",
        "confidential data are not logged",
    ],
)
def test_a_log_that_names_the_place_conforms(said: str) -> None:
    """A byte and its position give nothing away."""
    corrupt = outcome(host(stderr=said, exit_code=1), variation=Variation.CORRUPT_INPUTS)

    assert Word.CONFORMS is judged(SECRETS, image(), outcome(), corrupt).word


def test_what_a_container_said_that_did_not_start_is_not_judged() -> None:
    """Which is told elsewhere."""
    verdict = judged(SECRETS, image(), outcome(not_started("no")))

    assert (Word.NOT_JUDGED, "exit.zero-on-success", True) == (verdict.word, verdict.see, verdict.applies)
