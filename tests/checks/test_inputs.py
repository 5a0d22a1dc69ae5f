"""Chapter `inputs`: what the service brings from S3 before the container starts."""

from __future__ import annotations

import pytest

from conformance.job import JobRequest
from conformance.verdict import Verdict, Word
from tests.outcomes import INPUT, file, host, image, judged, not_started, outcome, request

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
        f"Expected ContainerEntrypoint of job example to begin with a program of the image, and {word} is a file of "
        "input code, which arrives without execute permission."
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
    assert "no request names a ContainerEntrypoint" == verdict.reason


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
