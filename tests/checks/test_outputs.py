"""Chapter `outputs`: what a container leaves to be uploaded."""

from dataclasses import replace

import pytest

from conformance.files.tree import File, Kind
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Lifted
from conformance.job.request import JobRequest
from conformance.outcome.outcome import End, Host, Outcome, Trial
from conformance.verdict.verdict import Word
from tests.support.outcomes import OUTPUT, directory, file, host, image, judged, link, not_started, outcome, request

LINKS = "outputs.no-symlinks"
WRITTEN = "outputs.declared-outputs-written"


@pytest.mark.parametrize("check", [LINKS, WRITTEN])
def test_files_conform(check: str) -> None:
    """At any depth, and of any size."""
    left = host(file(f"{OUTPUT}/a/b/c"), file(f"{OUTPUT}/empty", size=0))

    assert Word.CONFORMS == judged(check, image(), outcome(left)).word


@pytest.mark.parametrize(
    "left",
    [link(f"{OUTPUT}/latest", "part-1"), link(f"{OUTPUT}/a/b", "/tmp"), link(OUTPUT, "/tmp/result")],  # noqa: S108 - in an image
)
def test_a_link_violates(left: File) -> None:
    """To a file, to a directory, and in place of the output itself."""
    verdict = judged(LINKS, image(), outcome(host(left)))

    assert Word.VIOLATES == verdict.word
    assert (
        f"Expected files in output result, but algo-1 left the symbolic link {left.path} -> {left.target}, "
        "which is not uploaded."
    ) == verdict.violations[0]


DATA = file(f"{OUTPUT}/part-1")
OTHER = "/opt/ml/processing/output/other"


@pytest.mark.parametrize(
    "left",
    [
        link(f"{OUTPUT}/latest", "part-1"),
        link(f"{OUTPUT}/deep/latest", "../part-1"),
        link(f"{OUTPUT}/latest", f"{OUTPUT}/part-1"),
        link(f"{OUTPUT}/latest", "deep"),
        link(f"{OUTPUT}/latest", f"{OTHER}/x"),
    ],
)
def test_a_link_whose_target_is_uploaded_is_advice(left: File) -> None:
    """The data are there, in this output or in another one; the sentence says where."""
    asked = request(outputs={"result": OUTPUT, "other": OTHER})
    there = (DATA, file(f"{OUTPUT}/deep/x"), file(f"{OTHER}/x"))
    verdict = judged(LINKS, image(), outcome(host(*there, left), of=asked))

    assert Word.ADVISED is verdict.word
    assert "which is not uploaded; its target /opt/ml/processing/output/" in verdict.violations[0]
    assert verdict.violations[0].endswith(" is.")


@pytest.mark.parametrize(
    "left",
    [
        link(f"{OUTPUT}/latest", "gone"),
        link(f"{OUTPUT}/latest", "latest"),
        link(f"{OUTPUT}/latest", "/opt/ml/processing/input/data/a.csv"),
        link(f"{OUTPUT}/latest", "/usr/share/dict/words"),
        link(f"{OUTPUT}/latest", "kept/x"),
        link(f"{OUTPUT}/latest", "pipe"),
        link(f"{OUTPUT}/latest", "/opt/ml/processing"),
        link(OTHER, OUTPUT),
        link(OTHER, f"{OUTPUT}/part-1"),
    ],
    ids=["nothing", "itself", "input", "image", "volume", "fifo", "above", "output replaced", "output of another"],
)
def test_a_link_whose_target_is_not_uploaded_violates(left: File) -> None:
    """Nothing of it is there."""
    there = (DATA, file("/opt/ml/processing/input/data/a.csv"), file(f"{OUTPUT}/kept/x"))
    fifo = File(f"{OUTPUT}/pipe", Kind.FIFO)
    asked = request(outputs={"result": OUTPUT, "other": OTHER})
    verdict = judged(LINKS, image(volumes=(f"{OUTPUT}/kept",)), outcome(host(*there, fifo, left), of=asked))

    assert Word.VIOLATES is verdict.word


def test_every_link_is_named() -> None:
    """One sentence each."""
    left = host(*(link(f"{OUTPUT}/{number}", "x") for number in range(3)))

    assert 3 == len(judged(LINKS, image(), outcome(left)).violations)


@pytest.mark.parametrize(
    "left", [link("/opt/ml/processing/tmp/x", "y"), link(f"{OUTPUT}-2/x", "y"), link("/opt/ml/x", "y")]
)
def test_a_link_elsewhere_is_free(left: File) -> None:
    """Only what lies in an output is uploaded."""
    assert Word.CONFORMS == judged(LINKS, image(), outcome(host(file(f"{OUTPUT}/a"), left))).word


@pytest.mark.parametrize("path", [f"{OUTPUT}/", "/opt/ml/processing/./output//result"])
def test_a_local_path_may_be_written_in_many_ways(path: str) -> None:
    """A link below it is found, and so are files."""
    asked = request(outputs={"result": path})

    assert Word.VIOLATES == judged(LINKS, image(), outcome(host(link(f"{OUTPUT}/a", "b")), of=asked)).word


@pytest.mark.parametrize("left", [host(), host(directory(f"{OUTPUT}/a")), host(file("/opt/ml/output/result/x"))])
def test_an_output_without_a_file_is_advice(left: object) -> None:
    """Directories do not count: S3 has none."""
    verdict = judged(WRITTEN, image(), outcome(left))  # type: ignore[arg-type] # a host

    assert Word.ADVISED == verdict.word
    assert (f"Expected at least one file below {OUTPUT} for output result, but there is none.",) == verdict.violations


@pytest.mark.parametrize(
    ("of", "overrides"),
    [
        (image(), {"ContainerEntrypoint": ["bash", "-c"], "ContainerArguments": ["python3", "/x.py"]}),
        (image(entrypoint=["bash", "-c"]), {"ContainerArguments": ["python3", "/x.py"]}),
    ],
)
def test_a_shell_that_takes_one_argument_for_its_command_is_the_reason(
    of: Image, overrides: dict[str, list[str]]
) -> None:
    """The others become its parameters, and what was to be done was not."""
    (advice,) = judged(WRITTEN, of, outcome(host(), of=request(overrides=overrides))).violations

    assert advice.endswith(
        "but there is none: `bash -c` runs only the first of ContainerArguments, 'python3', and uses the others as "
        "$0, $1 and so on."
    )


@pytest.mark.parametrize(
    "overrides",
    [
        {"ContainerEntrypoint": ["bash", "-c"], "ContainerArguments": ["python3 /x.py"]},
        {"ContainerEntrypoint": ["bash", "-c"], "ContainerArguments": ['python3 "$@"', "--", "/x.py"]},
        {"ContainerEntrypoint": ["bash", "-c", "python3 /x.py"], "ContainerArguments": ["a", "b"]},
        {"ContainerEntrypoint": ["bash"], "ContainerArguments": ["/x.sh", "b"]},
        {"ContainerArguments": ["-c", "b"]},
    ],
)
def test_other_arguments_are_no_reason(overrides: dict[str, list[str]]) -> None:
    """Where a shell's command is one word, takes the others, or stands in the entrypoint, or there is no shell."""
    (advice,) = judged(WRITTEN, image(), outcome(host(), of=request(overrides=overrides))).violations

    assert advice.endswith("but there is none.")


def test_each_missing_output_is_named() -> None:
    """And none that was written."""
    asked = request(outputs={"a": "/opt/ml/processing/a", "b": "/opt/ml/processing/b", "c": "/opt/ml/processing/c"})
    violations = judged(WRITTEN, image(), outcome(host(file("/opt/ml/processing/b/x")), of=asked)).violations

    assert ["output a", "output c"] == [text.partition("for ")[2].partition(",")[0] for text in violations]


@pytest.mark.parametrize("left", [link(f"{OUTPUT}/latest", "x"), link(OUTPUT, "/data")])
def test_an_output_of_links_is_named_once(left: File) -> None:
    """By the check of the links."""
    verdict = judged(WRITTEN, image(), outcome(host(left)))

    assert Word.NOT_JUDGED == verdict.word
    assert verdict.reason.endswith("see outputs.no-symlinks")


def test_a_program_that_fails_need_not_write() -> None:
    """Its exit code is judged elsewhere."""
    verdict = judged(WRITTEN, image(), outcome(host(exit_code=1)))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert "exit.zero-on-success" in verdict.reason


@pytest.mark.parametrize("end", [End.MAX_RUNTIME, End.SUITE_LIMIT])
def test_nothing_of_a_program_that_was_stopped_is_uploaded(end: End) -> None:
    """Though it may leave with 0, and its files are there."""
    stopped = replace(outcome(host(file(f"{OUTPUT}/x"), end=end)), uploads=())

    verdict = judged(WRITTEN, image(), stopped)

    assert (Word.NOT_JUDGED, "exit.zero-on-success") == (verdict.word, verdict.see)


@pytest.mark.parametrize("volume", [f"{OUTPUT}/tables", f"{OUTPUT}/tables/"])
def test_files_that_a_volume_keeps_back_are_told_of_elsewhere(volume: str) -> None:
    """A VOLUME that the program did not write to keeps nothing back."""
    swallowing = image(volumes=(volume,))
    lost = judged(WRITTEN, swallowing, replace(outcome(host(file(f"{OUTPUT}/tables/a"))), uploads=()))
    missing = judged(WRITTEN, swallowing, outcome(host(directory(f"{OUTPUT}/tables"))))
    written = judged(WRITTEN, swallowing, outcome(host(file(f"{OUTPUT}/a"))))

    assert (Word.NOT_JUDGED, "image.volume-under-opt-ml") == (lost.word, lost.see)
    assert (Word.ADVISED, Word.CONFORMS) == (missing.word, written.word)


def test_a_program_that_fails_may_not_leave_links_either() -> None:
    """What it left is there to be seen."""
    assert Word.VIOLATES == judged(LINKS, image(), outcome(host(link(f"{OUTPUT}/a", "b"), exit_code=1))).word


@pytest.mark.parametrize("check", [LINKS, WRITTEN])
def test_without_outputs_there_is_nothing_to_judge(check: str) -> None:
    """The request declares none."""
    verdict = judged(check, image(), outcome(of=request(outputs={})))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


@pytest.mark.parametrize("check", [LINKS, WRITTEN])
def test_a_container_that_did_not_start_left_nothing(check: str) -> None:
    """Which is judged elsewhere."""
    verdict = judged(check, image(), outcome(not_started("no")))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert "exit.zero-on-success" in verdict.reason


WRITABLE = "outputs.writable-by-user"
DENIED = f"cp: cannot create regular file '{OUTPUT}/part-1': Permission denied"


@pytest.mark.parametrize("code", [0, 1])
def test_a_user_who_may_not_write_is_advised_against(code: int) -> None:
    """With the program's own words; neither the exit code nor the missing files are held against the image as well.

    The exit code is not judged for the suite's own choice, and not because another check names it.
    """
    run = outcome(host(stderr=f"starting\n{DENIED}\nleaving\n", exit_code=code))
    verdict = judged(WRITABLE, image(user="1000"), run)

    assert Word.ADVISED == verdict.word
    (violation,) = verdict.violations
    assert violation.startswith("Expected USER 1000 to be able to write below /opt/ml/processing, but algo-1 did not ")
    assert violation.endswith(f"logged {DENIED!r}.")
    zero = judged("exit.zero-on-success", image(user="1000"), run)
    assert (Word.NOT_JUDGED if code else Word.CONFORMS, "") == (zero.word, zero.see)
    assert bool(code) == ("directories below /opt/ml belong to root here" in zero.reason)
    written = judged(WRITTEN, image(user="1000"), run)
    assert (Word.NOT_JUDGED, "exit.zero-on-success" if code else WRITABLE) == (written.word, written.see)


@pytest.mark.parametrize("user", ["", "root", "0", "0:0", "admin"])
def test_root_may_write_everything(user: str) -> None:
    """Under whatever name; what is refused to root's container it may have done as another user, so nobody is blamed.

    That a job of root's fails of it once was a violation.
    """
    documents = {"/etc/passwd": b"root:x:0:0::/:/bin/sh\nadmin:x:0:0::/:/bin/sh\n"}
    run = outcome(host(stderr=DENIED, exit_code=1))

    assert Word.CONFORMS == judged(WRITABLE, image(user=user, documents=documents), run).word
    assert Word.NOT_JUDGED == judged("exit.zero-on-success", image(user=user, documents=documents), run).word


@pytest.mark.parametrize(
    "ended",
    [
        host(file(f"{OUTPUT}/part-1"), stderr=DENIED),
        host(stderr="nothing to do"),
        host(stderr="s3: AccessDenied for bucket reports"),
        host(stderr="Traceback: no measurements", exit_code=1),
    ],
    ids=["written", "empty", "other permission", "other failure"],
)
def test_another_user_conforms_without_evidence(ended: Host) -> None:
    """A log that speaks of no refusal below /opt/ml says nothing of who may write there."""
    assert Word.CONFORMS == judged(WRITABLE, image(user="1000"), outcome(ended)).word


def test_without_outputs_there_is_nothing_to_write() -> None:
    """Nor where the container did not start."""
    nothing = request(outputs={})

    assert not judged(WRITABLE, image(user="1000"), outcome(of=nothing)).applies
    assert Word.NOT_JUDGED == judged(WRITABLE, image(user="1000"), outcome(not_started("no"))).word


def lifted(*choices: Lifted, said: str = "", of: JobRequest | None = None) -> Outcome:
    """A run that succeeded because some of the suite's choices were lifted, after one that failed under all of them."""
    good = outcome(of=of)
    first, last = Trial(AS_CHOSEN, alone=False, succeeded=not said, said=said), AS_CHOSEN.lifting(*choices)
    return replace(good, conditions=last, trials=(first, Trial(last, alone=True, succeeded=True)))


@pytest.mark.parametrize(("user", "who"), [("1000", "USER 1000"), ("", "the user that the program switches to")])
@pytest.mark.parametrize("outputs", [{}, {"result": OUTPUT}], ids=["no outputs", "outputs"])
def test_a_run_where_any_user_may_write_shows_it(user: str, who: str, outputs: dict[str, str]) -> None:
    """Whatever the log says, whoever the image begins as, and also without outputs: a message may be refused."""
    run = lifted(Lifted.OWNERS, Lifted.NO_NETWORK, said="algo-1 exited with code 1", of=request(outputs=outputs))
    verdict = judged(WRITABLE, image(user=user), run)

    (advice,) = verdict.violations
    assert Word.ADVISED is verdict.word
    assert (
        f"Expected {who} to be able to write below /opt/ml while it belongs to root, but algo-1 exited with code 1; "
        "with directories writable for any user the job succeeded."
    ) == advice
    assert Word.CONFORMS is judged("exit.zero-on-success", image(user=user), run).word


def test_another_choice_that_helped_shows_nothing_of_who_may_write() -> None:
    """Where /opt/ml is a mount point, that is advice of its own, with how the job failed or what it lacked."""
    moving = lifted(Lifted.MOUNTS, said="algo-1 exited with code 18")
    silent = lifted(Lifted.MOUNTS)
    check = "outputs.work-as-mount-points"

    assert Word.CONFORMS is judged(WRITABLE, image(user="1000"), moving).word
    assert [
        f"Expected the job to work when /opt/ml is a mount point, but {how}; in the container's own file system it "
        "succeeded."
        for how in ("algo-1 exited with code 18", "it did not write all its outputs")
    ] == [sentence for run in (moving, silent) for sentence in judged(check, image(), run).violations]


@pytest.mark.parametrize("kind", [Kind.FIFO, Kind.DEVICE])
def test_what_is_no_file_is_named(kind: Kind) -> None:
    """S3 has no such thing; the files beside it are well."""
    odd = File(f"{OUTPUT}/odd", kind)

    found = judged("outputs.regular-files-only", image(), outcome(host(file(f"{OUTPUT}/part-1"), odd)))

    assert Word.ADVISED is found.word
    assert f"the {kind} {OUTPUT}/odd" in found.violations[0]


def test_links_and_directories_are_another_matter() -> None:
    """Links have a check of their own."""
    left = (file(f"{OUTPUT}/part-1"), directory(f"{OUTPUT}/deep"), link(f"{OUTPUT}/latest", "part-1"))

    assert Word.CONFORMS is judged("outputs.regular-files-only", image(), outcome(host(*left))).word


NAMES = "outputs.names-fit-s3"
LONG = "/".join(["d" * 250] * 4)  # 1,003 bytes, to which the prefix `result/` adds 7


def odd(path: str) -> File:
    """A file whose name is not UTF-8, as the archive's reader shows it."""
    return replace(file(path), is_utf8=False)


@pytest.mark.parametrize("name", ["a", "a b/Zürich.csv", "caf\\xe9", f"{LONG}/{'x' * 13}"])
def test_names_that_s3_takes_conform(name: str) -> None:
    """To the last byte; a backslash is a character like any other."""
    assert Word.CONFORMS == judged(NAMES, image(), outcome(host(file(f"{OUTPUT}/{name}")))).word


def test_a_name_that_is_not_utf8_is_advised_against() -> None:
    """The sentence has its bytes as escapes; escapes make no key too long."""
    verdict = judged(NAMES, image(), outcome(host(file(f"{OUTPUT}/a"), odd(f"{OUTPUT}/{LONG}/caf\\xe9\\xe9.csv"))))
    shown = f"{OUTPUT}/{LONG}"[:200]

    assert Word.ADVISED == verdict.word
    assert (
        f"Expected UTF-8 file names in output result, but algo-1 wrote {shown}..., which is not UTF-8.",
    ) == verdict.violations


@pytest.mark.parametrize("name", [f"{LONG}/{'x' * 14}", f"{LONG}/{'é' * 7}"])
def test_a_key_that_is_too_long_is_advised_against(name: str) -> None:
    """Its prefix counts, and so do bytes and not letters."""
    verdict = judged(NAMES, image(), outcome(host(file(f"{OUTPUT}/{name}"))))

    assert Word.ADVISED == verdict.word
    assert verdict.violations[0].startswith(
        "Expected keys of at most 1,024 bytes for output result, but algo-1 wrote /opt/ml/processing/output/result/ddd"
    )
    assert verdict.violations[0].endswith("ddd..., with keys of up to 1,025 bytes.")


@pytest.mark.parametrize("number", [2, 9])
def test_many_names_are_counted(number: int) -> None:
    """The first is named, and cut where it is longer than 200 characters."""
    name = "x" * (200 - len(f"{OUTPUT}/0"))
    left = host(*(odd(f"{OUTPUT}/{each}{name}") for each in range(number)))
    (violation,) = judged(NAMES, image(), outcome(left)).violations

    assert f"algo-1 wrote {OUTPUT}/0{name} and {number - 1} more, which is" in violation


def test_other_names_are_another_matter() -> None:
    """Links and FIFOs become no objects, and what lies elsewhere is not uploaded."""
    left = (
        replace(link(f"{OUTPUT}/\\xe9", "x"), is_utf8=False),
        replace(File(f"{OUTPUT}/\\xff", Kind.FIFO), is_utf8=False),
        odd("/opt/ml/processing/\\xe9"),
    )

    assert Word.CONFORMS == judged(NAMES, image(), outcome(host(*left))).word


@pytest.mark.parametrize("left", [odd(f"{OUTPUT}/\\xe9"), file(f"{OUTPUT}/{LONG}/{'x' * 20}")], ids=["bytes", "length"])
def test_an_output_of_such_names_is_named_once(left: File) -> None:
    """By the check of the names: S3 holds none of its files."""
    verdict = judged(WRITTEN, image(), replace(outcome(host(left)), uploads=()))

    assert (Word.NOT_JUDGED, NAMES) == (verdict.word, verdict.see)
