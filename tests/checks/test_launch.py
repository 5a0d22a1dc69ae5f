"""Chapter `launch`: whether the image's own program comes to run."""

from dataclasses import replace

import pytest

from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, Outcome
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import OUTPUT, elf, file, host, image, judged, log, not_started, outcome, program, request

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
        "Expected ['python3', '/processing.py'] to start, but the engine reported: exec: \"x\": permission denied.",
    ) == verdict.violations


def test_one_host_of_several_that_is_refused_violates() -> None:
    """Though the first one starts."""
    (violation,) = judged(CHECK, image(), outcome(host(), not_started("no space left"))).violations

    assert violation.endswith("the engine reported: no space left.")


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
        "exec container process `/run.sh`: Permission denied",
        "exec container process `/run`: Exec format error",
        "exec container process (missing dynamic library?) `/run`: No such file or directory",
        '{"msg":"exec container process `/usr/bin/sh`: Exec format error","level":"error","time":"2026-11-28"}',
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
        "/bin/sh: 0: cannot open /run.sh: Permission denied",
        "/bin/bash: /run.sh: Permission denied",
        "/bin/sh: can't open '/usr/bin/run.sh': Permission denied",
        "python3: can't open file '/run.sh': [Errno 13] Permission denied",
        'Can\'t open perl script "/run.sh": Permission denied',
    ],
)
def test_a_script_that_may_not_be_read_violates(said: str) -> None:
    """On an engine that starts it, as on one that does not; of another file, its program had begun to run."""
    own = host(exit_code=2, stdout="", stderr=said, argv=("/run.sh",))

    assert Word.VIOLATES == started(own)
    assert Word.CONFORMS == started(replace(own, argv=("/other.sh",)))
    assert Word.CONFORMS == started(replace(own, stderr=log(f"begun\n{said}")))


@pytest.mark.parametrize(
    "said",
    [
        "/run.sh: 2: /run.sh: Permission denied",
        "/run.sh: line 2: /run.sh: Permission denied",
        "/run.sh: 2: cannot create /run.sh: Permission denied",
        "/run.sh: 3: cannot open /run.sh: Permission denied",
    ],
)
def test_a_script_that_may_not_write_or_run_itself_did_run(said: str) -> None:
    """Its shell names the line."""
    assert Word.CONFORMS == started(host(exit_code=2, stdout="", stderr=said, argv=("/run.sh",)))


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
    assert f"caused by another violation; see {cause}" == verdict.reason


def test_a_file_at_opt_ml_is_one_violation() -> None:
    """Nothing can be mounted there, which the check of the image says."""
    verdict = judged(CHECK, image(file("/opt/ml")), outcome(not_started("not a directory")))

    assert "caused by another violation; see reserved.is-a-directory" == verdict.reason


ALONE = "launch.arguments-need-an-entrypoint"
ROWS = request(overrides={"ContainerArguments": ["--rows", "3"]})
CMD_ONLY = image(entrypoint=[], cmd=["python3", "/processing.py"])


@pytest.mark.parametrize(
    "first", ["--rows", "3", "processing.py", "/gone", "/opt/ml/processing/input/data/run.sh", "/data.csv"]
)
def test_arguments_alone_need_an_entrypoint(first: str) -> None:
    """Without one the first is started, and is no program; a file that may not be executed is none either."""
    asked = request(overrides={"ContainerArguments": [first, "python3"]})
    verdict = judged(ALONE, image(file("/data.csv"), entrypoint=[], cmd=["python3"]), requests=(asked,))

    assert Word.VIOLATES == verdict.word
    (violation,) = verdict.violations
    assert (
        f"Expected an ENTRYPOINT for the ContainerArguments of job example, but the image has none, so {first!r} "
        "would be executed, which is not a program in the image."
    ) == violation


@pytest.mark.parametrize("words", [["python3", "/processing.py", "--rows"], ["/usr/bin/python3.12", "-V"]])
def test_arguments_that_begin_with_a_program_need_none(words: list[str]) -> None:
    """As with `docker run IMAGE python3 ...`."""
    asked = request(overrides={"ContainerArguments": words})

    assert Word.CONFORMS == judged(ALONE, CMD_ONLY, requests=(asked,)).word


@pytest.mark.parametrize(
    ("of", "asked"),
    [
        (image(), (ROWS,)),
        (CMD_ONLY, ()),
        (CMD_ONLY, (request(),)),
        (CMD_ONLY, (request(overrides={"ContainerEntrypoint": ["x"], "ContainerArguments": ["--rows"]}),)),
    ],
    ids=["ENTRYPOINT", "no request", "no arguments", "ContainerEntrypoint"],
)
def test_other_arguments_do_not_matter(of: Image, asked: tuple[JobRequest, ...]) -> None:
    """The clause does not apply, so that no profile can require it."""
    verdict = judged(ALONE, of, requests=asked)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


def test_each_request_of_arguments_alone_is_judged() -> None:
    """And those beside it explain nothing of it."""
    wrong = replace(ROWS, document={**ROWS.document, "ProcessingJobName": "wrong"})
    verdict = judged(ALONE, CMD_ONLY, requests=(request(), wrong, ROWS))

    assert ["job wrong", "job example"] == [text.partition("of ")[2].partition(",")[0] for text in verdict.violations]


def test_arguments_without_an_entrypoint_explain_why_the_job_fails() -> None:
    """Of that request, and of no other."""
    refused = not_started('exec: "--rows": executable file not found in $PATH')
    own = judged("exit.zero-on-success", CMD_ONLY, outcome(refused, of=ROWS), requests=(ROWS,))
    other = judged("exit.zero-on-success", CMD_ONLY, outcome(host(exit_code=1)), requests=(request(), ROWS))

    assert (Word.NOT_JUDGED, ALONE) == (own.word, own.see)
    assert Word.VIOLATES is other.word


ITSELF = "launch.program-runs-by-itself"


PROGRAM = ("python3", "/processing.py")


def by_itself(alone: Host, good: Outcome | None = None) -> Verdict:
    """The verdict where the program ended so without ENTRYPOINT."""
    changed = request(overrides={"ContainerEntrypoint": PROGRAM})
    return judged(ITSELF, image(), good or outcome(), outcome(alone, of=changed, variation=Variation.OVERRIDDEN))


def test_a_program_that_needs_no_wrapper_conforms() -> None:
    """Whatever it logs, and wherever within its outputs it writes."""
    assert Word.CONFORMS is by_itself(host(file(f"{OUTPUT}/other"), stderr="warning: no defaults\n")).word


@pytest.mark.parametrize(
    ("alone", "found"),
    [
        (
            host(exit_code=1, stderr="ModuleNotFoundError: No module named 'processing'\n"),
            "algo-1 exited with code 1; stderr says: \"ModuleNotFoundError: No module named 'processing'\".",
        ),
        (not_started("no such file"), "algo-1 did not start: no such file."),
        (host(exit_code=137, end=End.MAX_RUNTIME), "algo-1 was stopped at MaxRuntimeInSeconds."),
    ],
)
def test_a_program_that_needs_what_a_wrapper_prepares_is_advised_against(alone: Host, found: str) -> None:
    """The sentence has the command as a ContainerEntrypoint would name it."""
    verdict = by_itself(alone)

    assert Word.ADVISED is verdict.word
    assert (
        f"Expected ['python3', '/processing.py'] to do the job as ContainerEntrypoint, but {found}",
    ) == verdict.violations


def test_a_wrapper_that_does_a_part_of_the_job_is_not_blamed() -> None:
    """It redirects what the program prints, or copies what it wrote: the program does its part all the same."""
    verdict = by_itself(host(stdout="a,b\n1,2\n"))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "ENTRYPOINT does part of the job itself: without it, output result got no files" == verdict.reason


def test_a_job_that_fails_with_its_wrapper_shows_nothing_of_it() -> None:
    """Which is judged elsewhere."""
    verdict = by_itself(host(exit_code=1), good=outcome(host(exit_code=1)))

    assert (Word.NOT_JUDGED, "exit.zero-on-success", True) == (verdict.word, verdict.see, verdict.applies)


def test_a_program_at_the_suites_limit_is_not_judged() -> None:
    """The limit is none of the contract's."""
    verdict = by_itself(host(exit_code=137, end=End.SUITE_LIMIT, seconds=300.0))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)


def test_a_program_that_takes_no_arguments_beside_a_container_entrypoint_is_advised() -> None:
    """Both overrides at once, as a stand-in shows them."""
    both = outcome(host(exit_code=3), variation=Variation.OVERRIDDEN_BOTH)
    found = judged(ITSELF, image(), outcome(), both, outcome(variation=Variation.OVERRIDDEN))

    assert Word.ADVISED is found.word
    assert "with ContainerArguments algo-1 exited with code 3" in found.violations[0]
