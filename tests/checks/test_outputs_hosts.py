"""Chapter `outputs`: what several hosts upload to one place, and what is uploaded while a job runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.job.request import JobRequest
from conformance.outcome.outcome import End, Host, Outcome, Sighting, Upload
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import OUTPUT, file, host, image, judged, not_started, outcome, request

COLLISION = "outputs.no-collision"
CONTINUOUS = "outputs.continuous"


# Collisions


def uploaded(*uploads: tuple[int, str, str], hosts: int = 2) -> Verdict:
    """The verdict where hosts of these numbers wrote these files below the output, with these contents."""
    run = outcome(*[host()] * hosts)
    found = tuple(
        Upload("result", f"algo-{number}", f"{OUTPUT}/{name}", f"s3://bucket/result/{name}", 1, digest=content)
        for number, name, content in uploads
    )
    return judged(COLLISION, image(), replace(run, uploads=found))


@pytest.mark.parametrize(
    "uploads",
    [
        (),
        ((1, "a", "x"),),
        ((1, "a", "x"), (2, "b", "x")),
        ((1, "a", "x"), (2, "a/b", "y"), (2, "A", "z")),
        ((1, "_SUCCESS", "empty"), (2, "_SUCCESS", "empty"), (1, "a", "x"), (2, "b", "y")),
    ],
    ids=["nothing", "one host", "names of their own", "other paths", "the same content"],
)
def test_files_that_replace_nothing_conform(uploads: tuple[tuple[int, str, str], ...]) -> None:
    """Where the contents are the same nothing is lost."""
    assert Word.CONFORMS is uploaded(*uploads).word


def test_a_path_that_two_hosts_write_is_advised_against() -> None:
    """With the object that only one of them can be."""
    verdict = uploaded((1, "a", "x"), (2, "a", "y"), (1, "b", "x"))

    (violation,) = verdict.violations
    assert Word.ADVISED is verdict.word
    assert (
        "Expected each host to write its own files to output result, but s3://bucket/result/a was uploaded with "
        "different content by algo-1, algo-2."
    ) == violation


def test_of_many_paths_one_is_named() -> None:
    """And of many hosts three."""
    found = [(number, name, f"{number}") for number in range(1, 6) for name in "abc"]
    (violation,) = uploaded(*found, hosts=5).violations

    assert violation.endswith(
        "s3://bucket/result/a and 2 more was uploaded with different content by algo-1, algo-2, algo-3 and 2 more."
    )


def test_each_output_is_told_by_itself() -> None:
    """They may lie at different places in S3."""
    asked = request(outputs={"a": "/opt/ml/processing/a", "b": "/opt/ml/processing/b"})
    found = tuple(
        Upload(output, f"algo-{number}", f"/opt/ml/processing/{output}/x", f"s3://bucket/{output}/x", 1, digest=digest)
        for output in "ab"
        for number, digest in ((1, "x"), (2, "y"))
    )
    verdict = judged(COLLISION, image(), replace(outcome(host(), host(), of=asked), uploads=found))

    assert ["a", "b"] == [sentence.partition(" output ")[2][0] for sentence in verdict.violations]


def of_two_outputs(first: str, second: str, *uploads: tuple[str, str, str]) -> Verdict:
    """The verdict on one host, outputs `a` and `b` of these S3Uris; each upload is an output, URI and content."""
    asked = request(outputs={"a": "/opt/ml/processing/a", "b": "/opt/ml/processing/b"})
    for item, uri in zip(asked.document["ProcessingOutputConfig"]["Outputs"], (first, second), strict=True):
        item["S3Output"]["S3Uri"] = uri
    found = tuple(
        Upload(output, "algo-1", f"/opt/ml/processing/{output}/x", uri, 1, digest=digest)
        for output, uri, digest in uploads
    )
    return judged(COLLISION, image(), replace(outcome(host(), of=asked), uploads=found))


X = "s3://bucket/out/x"


@pytest.mark.parametrize("second", ["s3://bucket/out", "s3://bucket/out/", "s3://bucket", "s3://bucket/out/x"])
def test_two_outputs_of_one_object_are_advised_against(second: str) -> None:
    """Though one host writes them: both are named."""
    verdict = of_two_outputs("s3://bucket/out", second, ("a", X, "1"), ("b", X, "2"))

    assert Word.ADVISED is verdict.word
    (advice,) = verdict.violations
    assert advice == (
        f"Expected each output to have its own objects, but {X} was uploaded with different content by output a, "
        "output b."
    )


def test_two_outputs_of_one_place_may_write_different_objects() -> None:
    """Or the same content."""
    assert Word.CONFORMS is of_two_outputs("s3://b/o", "s3://b/o", ("a", X, "1"), ("b", f"{X}y", "2")).word
    assert Word.CONFORMS is of_two_outputs("s3://b/o", "s3://b/o", ("a", X, "1"), ("b", X, "1")).word


def test_outputs_whose_places_only_begin_alike_do_not_meet() -> None:
    """A prefix is not a directory, but an output's files get a slash after it."""
    verdict = of_two_outputs("s3://bucket/out", "s3://bucket/out-2")

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


@pytest.mark.parametrize(
    ("run", "see", "applies"),
    [
        (outcome(host(file(f"{OUTPUT}/a"))), "", False),
        (outcome(host(), host(), of=request(outputs={})), "", False),
        (outcome(host(), host(exit_code=1)), "exit.zero-on-success", True),
        (outcome(host(), not_started("no")), "exit.zero-on-success", True),
    ],
    ids=["one host", "no outputs", "failed", "not started"],
)
def test_without_uploads_of_several_hosts_nothing_collides(run: Outcome, see: str, applies: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """Of a job that failed nothing is uploaded, and what it would have written nobody knows."""
    verdict = judged(COLLISION, image(), run)

    assert (Word.NOT_JUDGED, see, applies) == (verdict.word, verdict.see, verdict.applies)


# Continuous outputs


def of_mode(mode: str) -> JobRequest:
    """A request whose output has this S3UploadMode."""
    place = {"S3Uri": "s3://bucket/result", "LocalPath": OUTPUT, "S3UploadMode": mode}
    return request(ProcessingOutputConfig={"Outputs": [{"OutputName": "result", "S3Output": place}]})


def seen(*sightings: tuple[str, int], **rest: object) -> Host:
    """A host of whose output these files were uploaded one after the other, each with a content of its own size."""
    found = tuple(Sighting(at, f"{OUTPUT}/{name}", size, f"{size}") for at, (name, size) in enumerate(sightings))
    return host(sightings=found, **rest)  # type: ignore[arg-type] # the fields of Host


def continuous(*hosts: Host, last: tuple[tuple[int, str, int], ...] = (), mode: str = "Continuous") -> Verdict:
    """The verdict where hosts were seen so, and files had so many bytes at the end."""
    final = tuple(
        Upload("result", f"algo-{number}", f"{OUTPUT}/{name}", f"s3://bucket/result/{name}", size, digest=f"{size}")
        for number, name, size in last
    )
    return judged(CONTINUOUS, image(), replace(outcome(*hosts, of=of_mode(mode)), uploads=final))


@pytest.mark.parametrize(
    ("sightings", "last"),
    [
        ((), ()),
        ((), ((1, "a", 5),)),
        ((("a", 5), ("b", 7)), ((1, "a", 5), (1, "b", 7))),
        ((("a", 5),), ()),
        ((("a", 5),), ((1, "a", 5), (1, "c", 9))),
    ],
    ids=["nothing", "at the end", "as they were", "removed", "another at the end"],
)
def test_files_that_stay_as_they_were_found_conform(
    sightings: tuple[tuple[str, int], ...], last: tuple[tuple[int, str, int], ...]
) -> None:
    """One that was removed was complete when it was there, for all that is known."""
    assert Word.CONFORMS is continuous(seen(*sightings), last=last).word


@pytest.mark.parametrize(
    ("sightings", "last", "words"),
    [
        ((("a", 5), ("a", 1005)), (), "a was uploaded 2 times with different content: 5 bytes first, 1,005 bytes"),
        ((("a", 5),), ((1, "a", 6),), "a was uploaded 2 times with different content: 5 bytes first, 6 bytes"),
        (
            (("a", 5), ("a", 6)),
            ((1, "a", 6),),
            "a was uploaded 2 times with different content: 5 bytes first, 6",
        ),
        (
            (("b", 1), ("a", 5), ("a", 3), ("a", 4)),
            ((1, "a", 2),),
            "a was uploaded 4 times with different content: 5 bytes first, 2 bytes last",
        ),
    ],
    ids=["while it ran", "after the last look", "not twice", "in all"],
)
def test_a_file_that_changes_is_advised_against(
    sightings: tuple[tuple[str, int], ...], last: tuple[tuple[int, str, int], ...], words: str
) -> None:
    """Whoever reads it there has read a part."""
    verdict = continuous(seen(*sightings), last=last)

    (violation,) = verdict.violations
    assert Word.ADVISED is verdict.word
    assert f"Expected algo-1 to write each file of a continuous output once, but {OUTPUT}/{words}" in violation
    assert violation.endswith(" bytes last.")


def test_of_many_files_that_change_one_is_named() -> None:
    """The others are counted."""
    (violation,) = continuous(seen(("a", 1), ("b", 2), ("c", 3), ("a", 4), ("b", 5))).violations

    assert violation.endswith(
        f"{OUTPUT}/a was uploaded 2 times with different content: 1 bytes first, 4 bytes last, and 1 more changed as "
        "well."
    )


def test_files_of_several_hosts_are_told_apart() -> None:
    """A path may be on all of them; what becomes of it in S3 another check tells."""
    verdict = continuous(seen(("a", 1)), seen(("a", 2)), last=((1, "a", 1), (2, "a", 2)))
    changed = continuous(seen(("a", 1)), seen(("a", 2)), last=((1, "a", 1), (2, "a", 3)))

    assert Word.CONFORMS is verdict.word
    assert ["algo-2"] == [sentence.split()[1] for sentence in changed.violations]


def test_a_job_that_fails_has_uploaded_all_the_same() -> None:
    """However it ended."""
    failed = seen(("a", 1), ("a", 2), exit_code=1)
    stopped = seen(("a", 1), ("a", 2), exit_code=130, end=End.MAX_RUNTIME)

    assert [Word.ADVISED] * 2 == [continuous(failed).word, continuous(stopped).word]


@pytest.mark.parametrize(
    ("run", "see", "applies"),
    [
        (outcome(of=of_mode("EndOfJob")), "", False),
        (outcome(of=request(outputs={})), "", False),
        (outcome(not_started("no"), of=of_mode("Continuous")), "exit.zero-on-success", True),
    ],
    ids=["at the end", "no outputs", "not started"],
)
def test_without_continuous_outputs_nothing_is_seen(run: Outcome, see: str, applies: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """The clause does not apply."""
    verdict = judged(CONTINUOUS, image(), run)

    assert (Word.NOT_JUDGED, see, applies) == (verdict.word, verdict.see, verdict.applies)
