"""Chapter `inputs`: what the service brings from S3 before the container starts."""

from __future__ import annotations

import pytest

from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.feed import Feed
from conformance.outcome.outcome import End, Host
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import INPUT, file, host, image, judged, not_started, outcome, request

CHECK = "inputs.not-executed"


def running(*words: str, inputs: dict[str, str] | None = None) -> JobRequest:
    """A request whose ContainerEntrypoint has these words."""
    return request(inputs=inputs, overrides={"ContainerEntrypoint": words})


def of_requests(*requests: JobRequest, working_directory: str = "/") -> Verdict:
    """The verdict on these requests."""
    return judged(CHECK, image(working_directory=working_directory), requests=requests)


@pytest.mark.parametrize(
    ("word", "local_path", "working_directory"),
    [
        (f"{INPUT}/run.sh", INPUT, "/"),
        (f"{INPUT}/bin/run", f"{INPUT}/", "/"),
        (f"{INPUT}/run.sh", "/opt/ml/processing/./input//data", "/"),
        ("./run.sh", INPUT, INPUT),
        ("data/run.sh", INPUT, "/opt/ml/processing/input"),
        (f"/tmp/../{INPUT[1:]}/run.sh", INPUT, "/"),  # noqa: S108 - in an image
    ],
)
def test_a_file_of_an_input_is_not_to_be_executed(word: str, local_path: str, working_directory: str) -> None:
    """However its path and the input's are written."""
    verdict = of_requests(running(word, inputs={"code": local_path}), working_directory=working_directory)

    assert Word.VIOLATES is verdict.word
    (violation,) = verdict.violations
    assert (
        f"Expected ContainerEntrypoint of job example to start with a program of the image, but {word} is a file of "
        "input code, which has no execute permission."
    ) == violation


@pytest.mark.parametrize(
    "words",
    [
        ("python3", f"{INPUT}/main.py"),
        ("/bin/bash", f"{INPUT}/run.sh"),
        ("/bin/bash", "-c", f"chmod +x {INPUT}/run.sh && {INPUT}/run.sh"),
        (f"{INPUT}-tools/run.sh",),
        ("/opt/ml/processing/run.sh",),
        ("run.sh",),
    ],
)
def test_an_interpreter_may_run_it(words: tuple[str, ...]) -> None:
    """As ScriptProcessor and FrameworkProcessor do; what lies beside an input is another matter."""
    assert Word.CONFORMS is of_requests(running(*words)).word


def test_a_word_without_a_slash_is_looked_for_in_path_alone() -> None:
    """It does not name a file of the working directory, also where that is the input's."""
    assert Word.CONFORMS is of_requests(running("run.sh"), working_directory=INPUT).word


def test_a_file_that_the_image_has_there_is_hidden() -> None:
    """What the image ships below /opt/ml does not help."""
    shipping = image(file(f"{INPUT}/run.sh", mode=0o755))

    assert Word.VIOLATES is judged(CHECK, shipping, requests=(running(f"{INPUT}/run.sh"),)).word


@pytest.mark.parametrize(
    "requests", [(), (request(),), (request(overrides={"ContainerArguments": [f"{INPUT}/run.sh"]}),)]
)
def test_without_a_container_entrypoint_it_does_not_apply(requests: tuple[JobRequest, ...]) -> None:
    """Arguments are not what is executed, unless the image has no ENTRYPOINT, which another check tells of."""
    verdict = of_requests(*requests)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "no request has a ContainerEntrypoint" == verdict.reason


def test_one_request_of_several_is_named() -> None:
    """With the input of its own that brings the file."""
    two = running(f"{INPUT}/b/run.sh", inputs={"a": f"{INPUT}/a", "b": f"{INPUT}/b"})
    (violation,) = of_requests(request(), running("python3"), two).violations

    assert "is a file of input b, which" in violation


def test_it_explains_why_the_job_fails() -> None:
    """Of the request that has it, and of no other."""
    wrong = running(f"{INPUT}/run.sh")
    refused = outcome(not_started("permission denied"), of=wrong)
    own = judged("exit.zero-on-success", image(), refused, requests=(wrong,))
    other = judged("exit.zero-on-success", image(), outcome(host(exit_code=1)), requests=(request(), wrong))

    assert (Word.NOT_JUDGED, CHECK) == (own.word, own.see)
    assert Word.VIOLATES is other.word


# A sharded input of which some hosts get nothing

GOOD = outcome(host(), host(), host())
FAILED = host(exit_code=1, stderr="IndexError: list index out of range\n")
RAN_ON = host(exit_code=130, end=End.MAX_RUNTIME)
LIMITED = host(exit_code=130, end=End.SUITE_LIMIT, seconds=300.4)


def of_few(*hosts: Host) -> Verdict:
    """The verdict where hosts ended so with one object for all of them, which the first one got."""
    return judged("inputs.empty-shard", image(), GOOD, outcome(*hosts, variation=Variation.FEW_OBJECTS))


def test_hosts_that_exit_with_0_without_an_object_conform() -> None:
    """What they write is not judged."""
    assert Word.CONFORMS is of_few(host(), host(), host()).word


@pytest.mark.parametrize(
    ("ended", "words"),
    [
        (FAILED, "exited with code 1; stderr says: 'IndexError: list index out of range'"),
        (RAN_ON, "was stopped at MaxRuntimeInSeconds"),
    ],
)
@pytest.mark.parametrize("others", [host(), FAILED, LIMITED], ids=["well", "failed", "waiting"])
def test_a_host_that_fails_without_an_object_is_advised_against(ended: Host, words: str, others: Host) -> None:
    """It alone is named: the host that got the object may fail because of it, or wait for it in vain."""
    verdict = of_few(others, host(), ended)

    assert Word.ADVISED is verdict.word
    assert (f"Expected algo-3 to exit with 0 with an empty shard, but it {words}.",) == (verdict.violations)


@pytest.mark.parametrize("first", [FAILED, RAN_ON])
@pytest.mark.parametrize("others", [host(), LIMITED])
def test_a_host_that_fails_with_one_object_shows_nothing(first: Host, others: Host) -> None:
    """It may be too little for it, as one row is that is to be split."""
    verdict = of_few(first, others, others)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert verdict.reason.startswith("with a single object algo-1, which got it, ")


@pytest.mark.parametrize("hosts", [(host(), host(), LIMITED), (LIMITED, host(), host()), (LIMITED, LIMITED, host())])
def test_hosts_at_the_suites_limit_show_nothing(hosts: tuple[Host, ...]) -> None:
    """They may still be at work."""
    verdict = of_few(*hosts)

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert "was still running after 300 s, the suite's own time limit" in verdict.reason


def test_with_all_its_objects_the_job_must_succeed() -> None:
    """Else it shows nothing that it fails with one."""
    verdict = judged("inputs.empty-shard", image(), outcome(host(), FAILED), outcome(host(), FAILED))

    assert (Word.NOT_JUDGED, "exit.zero-on-success") == (verdict.word, verdict.see)


# An input that comes through a pipe


def piped(*hosts: Host, mode: str = "Pipe") -> Verdict:
    """The verdict on these hosts of a job with one input in Pipe mode and one in File mode."""
    asked = request(inputs={"stream": f"{INPUT}/", "table": "/opt/ml/processing/input/data_of_2026"})
    asked.document["ProcessingInputs"][0]["S3Input"]["S3InputMode"] = mode
    return judged("inputs.pipe", image(), outcome(*hosts, of=asked))


OPENED = host(feeds=(Feed(f"{INPUT}_0", 100, 1),))


@pytest.mark.parametrize("hosts", [(OPENED,), (OPENED, OPENED), (host(feeds=(Feed(f"{INPUT}_0", 0, 0),)),)])
def test_a_fifo_that_was_opened_conforms(hosts: tuple[Host, ...]) -> None:
    """How much was read is the program's own affair, and an input may be empty."""
    assert Word.CONFORMS is piped(*hosts).word


def test_each_host_has_to_open_its_fifo() -> None:
    """The one that did not is named with the FIFO, by its LocalPath without the slash."""
    verdict = piped(OPENED, host())

    expected = (
        f"Expected a program on algo-2 to open {INPUT}_0, the FIFO of input stream, but none did; the job "
        "succeeded without it."
    )
    assert (Word.ADVISED, (expected,)) == (verdict.word, verdict.violations)


def test_a_job_without_pipes_has_none_to_open() -> None:
    """The clause does not apply."""
    verdict = piped(host(), mode="File")

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


def test_a_job_that_fails_tells_nothing_of_its_pipes() -> None:
    """Why it failed is judged elsewhere."""
    verdict = piped(FAILED)

    assert (Word.NOT_JUDGED, "exit.zero-on-success") == (verdict.word, verdict.see)
