"""Chapter `reserved`: /opt/ml belongs to the platform."""

from dataclasses import replace

import pytest

from conformance.files.tree import File, FileTree, Kind
from conformance.image.image import Image
from conformance.job.variation import Variation
from conformance.outcome.outcome import End, Host, JobStatus
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import (
    INPUT,
    OUTPUT,
    directory,
    file,
    host,
    image,
    judged,
    link,
    not_started,
    outcome,
    program,
    request,
)

REQUIRED = "reserved.nothing-required"
EMPTY = "reserved.image-is-empty"
CODE = "/opt/ml/code"

SCRIPT = file(f"{CODE}/run.py")


@pytest.mark.parametrize("check", [REQUIRED, EMPTY])
def test_an_image_without_files_there_conforms(check: str) -> None:
    """Empty directories do no harm: AWS's own images have them."""
    assert Word.CONFORMS == judged(check, image(directory("/opt/ml/model"), directory("/opt/mlflow"))).word


@pytest.mark.parametrize(
    ("needing", "said"),
    [
        (image(SCRIPT, entrypoint=["python3", f"{CODE}/run.py"]), f"argument '{CODE}/run.py' needs {CODE}/run.py"),
        (image(SCRIPT, cmd=["--script", f"{CODE}/run.py"]), f"needs {CODE}/run.py"),
        (image(SCRIPT, cmd=[f"--script={CODE}/run.py"]), f"needs {CODE}/run.py"),
        (image(file(f"{CODE}/a=b.py"), cmd=[f"--script={CODE}/a=b.py"]), f"needs {CODE}/a=b.py"),
        (image(SCRIPT, link("/app/it", CODE), cmd=["./it"], working_directory="/app"), f"argument './it' needs {CODE}"),
        (
            image(file(f"{CODE}/run"), link("/app/it", CODE), cmd=["it/run"], working_directory="/app"),
            f"argument 'it/run' needs {CODE}/run",
        ),
        (image(SCRIPT, entrypoint=["sh", "-c", f"python3 '{CODE}/run.py'; true"]), f"needs {CODE}/run.py"),
        (image(SCRIPT, entrypoint=["python3", CODE]), f"needs {CODE}"),
        (image(SCRIPT, entrypoint=["python3", "run.py"], working_directory=CODE), f"needs {CODE}/run.py"),
        (image(SCRIPT, entrypoint=["python3", "-m", "run"], working_directory=CODE), f"WORKDIR {CODE} needs {CODE}"),
        (image(program(f"{CODE}/run"), entrypoint=[f"{CODE}/run"]), f"program '{CODE}/run' needs {CODE}/run"),
        (
            image(program(f"{CODE}/run"), entrypoint=["run"], environment={"PATH": f"{CODE}:/usr/bin"}),
            f"program 'run' needs {CODE}/run",
        ),
        (image(SCRIPT, environment={"PYTHONPATH": f"/app:{CODE}"}), f"PYTHONPATH={CODE} needs {CODE}"),
        (image(SCRIPT, environment={"LD_LIBRARY_PATH": CODE}), f"LD_LIBRARY_PATH={CODE} needs {CODE}"),
        (image(SCRIPT, link("/app", CODE), entrypoint=["python3", "/app/run.py"]), f"needs {CODE}/run.py"),
        (
            image(
                program(f"{CODE}/run"), link("/bin/go", "run-it"), link("/bin/run-it", f"{CODE}/run"), entrypoint=["go"]
            ),
            f"program 'go' needs {CODE}/run",
        ),
        (
            image(file("/opt/ml/processing/run.py"), entrypoint=["python3", "/opt/ml/processing/run.py"]),
            "needs /opt/ml/processing/run.py",
        ),
        (image(file("/opt/ml/model/m.bin"), cmd=["--model", "/opt/ml/model"]), "needs /opt/ml/model"),
    ],
)
def test_what_the_command_needs_there_violates(needing: Image, said: str) -> None:
    """The sentence says what needs which file."""
    verdict = judged(REQUIRED, needing)

    assert Word.VIOLATES == verdict.word
    assert said in " ".join(verdict.violations)


@pytest.mark.parametrize(
    "free",
    [
        image(cmd=["--input", "/opt/ml/processing/input/data"]),
        image(directory("/opt/ml/processing/input/data"), cmd=["--input", "/opt/ml/processing/input/data"]),
        image(file("/opt/ml/processing/input/data/.gitkeep"), cmd=["--input", "/opt/ml/processing/input/data"]),
        image(file("/opt/ml/processing/input/data/.gitkeep"), cmd=["--input=/opt/ml/processing/input/"]),
        image(file("/opt/ml/model/README.md"), cmd=["--base", "/opt/ml"]),
        image(file("/opt/ml/config/resourceconfig.json"), cmd=["--hosts", "/opt/ml/config/resourceconfig.json"]),
        image(file("/opt/ml/output/message"), cmd=["--message", "/opt/ml/output/message"]),
        image(file("/opt/ml/model/README.md"), cmd=["--model", "/opt/ml/model/weights.bin"]),
        image(directory(CODE), working_directory=CODE),
        image(directory(CODE), environment={"PATH": f"{CODE}:/usr/bin", "PYTHONPATH": CODE}),
        image(file("/opt/ml/model/run"), entrypoint=["run"], environment={"PATH": "/usr/bin"}),
        image(SCRIPT, link("/app/it", CODE), cmd=["it"], working_directory="/app"),
        image(SCRIPT, entrypoint=["env", f"MODEL_DIR={CODE}", "python3", "/processing.py"]),
        image(SCRIPT, cmd=["--rate", "0.5", "train"]),
        image(SCRIPT, environment={"MODEL_DIR": CODE}),
        image(SCRIPT, program("/usr/bin/run.py"), entrypoint=["run.py"]),
    ],
)
def test_what_is_not_needed_is_no_violation(free: Image) -> None:
    """Arguments that name the platform's own places, empty directories, and files that nothing refers to."""
    verdict = judged(REQUIRED, free)

    assert (Word.CONFORMS, ()) == (verdict.word, verdict.violations)


def test_one_file_is_named_once() -> None:
    """Though the word and WORKDIR both lead to it."""
    needing = image(SCRIPT, entrypoint=["python3", f"{CODE}/run.py", f"{CODE}/run.py"])

    assert 1 == len(judged(REQUIRED, needing).violations)


@pytest.mark.parametrize("extra", [SCRIPT, link(f"{CODE}/run.py", "/app/run.py")], ids=["file", "link"])
def test_files_that_nothing_refers_to_are_advised_against(extra: File) -> None:
    """The sentence names them."""
    verdict = judged(EMPTY, image(extra))

    assert Word.ADVISED == verdict.word
    assert (f"Expected no files below /opt/ml, but the image ships {CODE}/run.py.",) == verdict.violations


def test_many_files_are_counted() -> None:
    """Three are named."""
    (violation,) = judged(EMPTY, image(*(file(f"/opt/ml/{number}") for number in range(8)))).violations

    assert violation.endswith("ships /opt/ml/0, /opt/ml/1, /opt/ml/2 and 5 more.")


def test_what_is_needed_is_not_named_twice() -> None:
    """One flaw, one finding: what lies beside a program that is needed belongs to it."""
    beside, elsewhere = file(f"{CODE}/helper.py"), file("/opt/ml/x")

    for needing in (
        image(SCRIPT, beside, entrypoint=["python3", f"{CODE}/run.py"]),
        image(SCRIPT, beside, working_directory=CODE),
    ):
        more = replace(needing, files=FileTree.of([*needing.files, elsewhere]))

        assert Word.CONFORMS == judged(EMPTY, needing).word
        assert ("Expected no files below /opt/ml, but the image ships /opt/ml/x.",) == judged(EMPTY, more).violations


def test_an_image_without_a_command_can_be_judged() -> None:
    """Its WORKDIR and PATH may need something all the same."""
    assert Word.VIOLATES == judged(REQUIRED, image(SCRIPT, entrypoint=[], working_directory=CODE)).word
    assert Word.CONFORMS == judged(REQUIRED, image(entrypoint=[], working_directory="")).word


DIRECTORY = "reserved.is-a-directory"


@pytest.mark.parametrize("path", ["/opt", "/opt/ml", "/opt/ml/processing"])
def test_a_file_where_the_volume_is_mounted_violates(path: str) -> None:
    """It is this check alone that names it."""
    broken = image(file(path))
    verdict = judged(DIRECTORY, broken)

    assert Word.VIOLATES == verdict.word
    assert (f"Expected {path} to be a directory or absent, but the image has a file there.",) == verdict.violations
    assert Word.CONFORMS == judged(EMPTY, broken).word
    assert Word.CONFORMS == judged(REQUIRED, broken).word


@pytest.mark.parametrize("path", ["/opt", "/opt/ml", "/opt/ml/processing"])
def test_a_link_there_is_advised_against(path: str) -> None:
    """Whether it leads to a directory or nowhere; where it leads to a file, nothing can be mounted."""
    for others in ((directory("/data"),), ()):
        verdict = judged(DIRECTORY, image(link(path, "/data"), *others))

        assert Word.ADVISED == verdict.word
        assert (f"Expected {path} to be a directory or absent, but it is a symbolic link to /data.",) == (
            verdict.violations
        )
    assert Word.CONFORMS == judged(EMPTY, image(link(path, "/data"))).word
    assert Word.VIOLATES == judged(DIRECTORY, image(link(path, "/data"), file("/data"))).word


def test_directories_there_do_no_harm() -> None:
    """Nor does their absence, nor a file beside them."""
    for files in ((), (directory("/opt/ml"),), (directory("/opt/ml/processing"), file("/opt/tool"))):
        assert Word.CONFORMS == judged(DIRECTORY, image(*files)).word


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/opt/ml/processing/elsewhere/x", "/opt/ml/processing/elsewhere/x, which is lost."),
        ("/opt/ml/model/weights", "only training jobs upload a model from there"),
        ("/opt/ml/output/failure", "only training jobs report a failure from there"),
        ("/opt/ml/output/message.tmp", "/opt/ml/output/message.tmp, which is lost."),
    ],
)
def test_what_is_written_elsewhere_is_named(path: str, words: str) -> None:
    """And what a training job would make of it."""
    found = judged("reserved.nothing-written-elsewhere", image(), outcome(host(file(f"{OUTPUT}/x"), file(path))))

    assert Word.ADVISED is found.word
    assert words in found.violations[0]


def test_what_the_platform_reads_or_wrote_is_not_elsewhere() -> None:
    """Nor is what is unpacked beside an input, nor an empty directory."""
    left = (
        file(f"{OUTPUT}/deep/x"),
        file(f"{INPUT}/unpacked"),
        file("/opt/ml/config/resourceconfig.json"),
        file("/opt/ml/config/processingjobconfig.json"),
        directory("/opt/ml/model"),
    )

    found = judged("reserved.nothing-written-elsewhere", image(), outcome(host(*left, message="done")))

    assert Word.CONFORMS is found.word


@pytest.mark.parametrize(
    "path",
    [
        "/opt/ml/output/metrics/cloudwatch/cloudwatch_metrics.jsonl",
        "/opt/ml/processing/code/__pycache__/x.cpython-312.pyc",
        "/opt/ml/.cache/pip/x",
        "/opt/ml/processing/tmp/deep/x",
        "/opt/ml/.ipynb_checkpoints/x",
        "/opt/ml/lost+found/x",
    ],
)
def test_what_is_documented_or_harmless_is_not_elsewhere(path: str) -> None:
    """A monitoring container's metrics, and what nobody misses: caches and scratch, whatever else there is."""
    check, stray = "reserved.nothing-written-elsewhere", "/opt/ml/stray"
    left = outcome(host(file(f"{OUTPUT}/x"), file(path)))
    more = outcome(host(file(f"{OUTPUT}/x"), file(path), file(stray)))

    assert Word.CONFORMS is judged(check, image(), left).word
    assert (f"Expected algo-1 to write to its outputs, but it wrote {stray}, which is lost.",) == judged(
        check, image(), more
    ).violations


@pytest.mark.parametrize("path", ["/opt/ml/output/metrics/x", "/opt/ml/tmp", "/opt/ml/processing/template/x"])
def test_what_is_only_called_alike_is_elsewhere(path: str) -> None:
    """A file is no directory, and a part of a name is not the name."""
    left = outcome(host(file(f"{OUTPUT}/x"), file(path)))

    assert Word.ADVISED is judged("reserved.nothing-written-elsewhere", image(), left).word


def test_the_fifos_of_an_input_are_not_elsewhere() -> None:
    """They lie beside LocalPath; a file that is called like one does not become one."""
    asked = request()
    asked.document["ProcessingInputs"][0]["S3Input"]["S3InputMode"] = "Pipe"
    left = (file(f"{OUTPUT}/x"), File(f"{INPUT}_0", Kind.FIFO), File(f"{INPUT}_1", Kind.FIFO), file(f"{INPUT}_2"))

    found = judged("reserved.nothing-written-elsewhere", image(), outcome(host(*left), of=asked))

    assert (f"Expected algo-1 to write to its outputs, but it wrote {INPUT}_2, which is lost.",) == found.violations


def test_an_output_without_a_file_is_told_of_elsewhere() -> None:
    """Its files may be those that lie elsewhere."""
    found = judged("reserved.nothing-written-elsewhere", image(), outcome(host(file("/opt/ml/processing/x"))))

    assert (Word.NOT_JUDGED, "outputs.declared-outputs-written") == (found.word, found.see)


def test_a_job_that_needs_what_the_image_ships_in_tmp_is_advised_against_it() -> None:
    """It works with those files, and not without."""
    shipping = image(file("/tmp/run.py"))  # noqa: S108 - in an image
    gone = outcome(host(exit_code=2, stderr="no such file: /tmp/run.py"), variation=Variation.EMPTY_TMP)
    well = outcome(variation=Variation.EMPTY_TMP)

    assert Word.CONFORMS is judged("reserved.works-with-empty-tmp", shipping, outcome(), well).word
    (advice,) = judged("reserved.works-with-empty-tmp", shipping, outcome(), gone).violations
    assert (
        "Expected the job to work without the files that the image ships in /tmp, but algo-1 exited with code 2; "
        "stderr says: 'no such file: /tmp/run.py'."
    ) == advice


REPLACED = "reserved.works-when-replaced"
SCRATCH = image(file("/opt/ml/scratch/table"))
BARE = image(directory("/opt/ml/scratch"))
GONE = host(exit_code=1, stderr="FileNotFoundError: '/opt/ml/scratch/tmp'\n")


def replacing(replaced: Host, own: Host | None = None, *, of: Image = SCRATCH) -> Verdict:
    """The verdict where a run ended so without what the image ships, and otherwise with it."""
    with_own = outcome(own, variation=Variation.OWN_RESERVED)
    return judged(REPLACED, of, with_own, outcome(replaced))


def test_a_job_that_works_without_what_the_image_ships_conforms() -> None:
    """However much that is, and whatever became of the message."""
    shipping = image(*(file(f"/opt/ml/model/{number}") for number in range(9)))

    assert Word.CONFORMS is judged(REPLACED, shipping, outcome()).word
    assert Word.CONFORMS is judged(REPLACED, shipping, replace(outcome(), status=JobStatus.FAILED)).word


@pytest.mark.parametrize(
    ("replaced", "how"),
    [
        (GONE, "exited with code 1; stderr says: \"FileNotFoundError: '/opt/ml/scratch/tmp'\""),
        (
            not_started("chdir to cwd: no such file or directory"),
            "did not start: chdir to cwd: no such file or directory",
        ),
    ],
)
def test_a_job_that_needs_what_the_image_ships_violates(replaced: Host, how: str) -> None:
    """The sentence has what it ships, and how the run without it ended."""
    verdict = replacing(replaced)

    assert Word.VIOLATES is verdict.word
    (violation,) = verdict.violations
    assert (
        "Expected the job to work without the files that the image ships below /opt/ml (/opt/ml/scratch/table), but "
        f"without them algo-1 {how}; with them it exited with 0."
    ) == violation


def test_a_job_that_needs_an_empty_directory_is_advised_against_it() -> None:
    """It once was a violation; but AWS speaks of data, and a directory that holds none is no data."""
    verdict = replacing(GONE, of=BARE)

    assert Word.ADVISED is verdict.word
    assert "(/opt/ml/scratch), but without them algo-1 exited with code 1" in verdict.violations[0]


def test_what_it_ships_is_counted() -> None:
    """Three are named."""
    shipping = image(*(file(f"/opt/ml/model/{number}") for number in range(9)))
    (violation,) = replacing(GONE, of=shipping).violations

    assert "/opt/ml (/opt/ml/model/0, /opt/ml/model/1, /opt/ml/model/2 and 6 more), but" in violation


@pytest.mark.parametrize(
    ("of", "replaced", "own", "see"),
    [
        (SCRATCH, GONE, GONE, "exit.zero-on-success"),
        (
            image(SCRIPT, entrypoint=["python3", f"{CODE}/run.py"]),
            host(exit_code=2, stderr="can't open file"),
            None,
            "reserved.nothing-required",
        ),
        (image(file("/opt/ml")), not_started("not a directory"), None, "reserved.is-a-directory"),
    ],
    ids=["fails anyhow", "its command needs it", "no directory"],
)
def test_a_failure_with_another_cause_is_named_there(of: Image, replaced: Host, own: Host | None, see: str) -> None:
    """One flaw, one violation."""
    verdict = replacing(replaced, own, of=of)

    assert (Word.NOT_JUDGED, see, True) == (verdict.word, verdict.see, verdict.applies)


@pytest.mark.parametrize("user", ["", "1000"])
@pytest.mark.parametrize(
    "said",
    ["PermissionError: [Errno 13] Permission denied: '/opt/ml/scratch'", "mkdir: /opt/ml/scratch: Permission denied"],
)
def test_that_a_directory_belongs_to_root_is_nobodys_fault(user: str, said: str) -> None:
    """It is the suite's own choice, which no MUST rests on; root may have become another user, which it once had not.

    The verdict names the choice, and the check that tells of it.
    """
    verdict = replacing(host(exit_code=1, stderr=said), of=replace(SCRATCH, user=user))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert verdict.reason.endswith("as users report for Processing: see outputs.writable-by-user")


@pytest.mark.parametrize("end", [End.SUITE_LIMIT, End.MAX_RUNTIME])
def test_a_job_that_did_not_end_is_not_judged_by_what_it_lacks(end: End) -> None:
    """It is not run again, so one outcome stands for both."""
    verdict = judged(REPLACED, SCRATCH, outcome(host(exit_code=137, end=end)))

    assert (Word.NOT_JUDGED, "exit.zero-on-success") == (verdict.word, verdict.see)
