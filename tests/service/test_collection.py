"""Of a container that has ended, its logs, its message and its outputs are taken, each as the contract says."""

import hashlib
import io
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.files.stream import Fault
from conformance.job.request import JobRequest
from conformance.outcome.outcome import MESSAGE_PATH
from conformance.service.message import exit_message
from conformance.service.results.collection import (
    LOG_HEAD_BYTES,
    LOG_TAIL_BYTES,
    MESSAGE_BYTES,
    PART_BYTES,
    Collector,
    LogReader,
    read_logs,
)
from tests.support.outcomes import OUTPUT, file, request

LARGEST = 2 * (LOG_HEAD_BYTES + LOG_TAIL_BYTES)


def collected(
    contents: Mapping[str, bytes], *, of: JobRequest | None = None, volumes: tuple[str, ...] = (), upload: bool = True
) -> tuple[Collector, dict[str, bytes]]:
    """What is taken of these files, and what is uploaded, which digests tell."""
    collector = Collector("algo-1", of or request(), volumes, upload)
    for path, content in contents.items():
        collector.peek(file(path, size=len(content)), io.BytesIO(content))
    by_digest = {hashlib.sha256(content).hexdigest(): content for content in contents.values()}
    return collector, {upload.uri: by_digest[upload.digest] for upload in collector.uploads}


def test_an_output_keeps_its_relative_paths() -> None:
    """Below its S3Uri, directories and all."""
    _, stored = collected({f"{OUTPUT}/a": b"1", f"{OUTPUT}/b/c d": b"2"})

    assert {"s3://bucket/result/a": b"1", "s3://bucket/result/b/c d": b"2"} == stored


def test_what_lies_elsewhere_is_not_uploaded() -> None:
    """Beside an output, or below a name that only begins as the output's."""
    _, stored = collected({"/opt/ml/model/x": b"1", f"{OUTPUT}-2/x": b"2", "/opt/ml/processing/output/x": b"3"})

    assert {} == stored


def test_an_upload_tells_where_it_came_from() -> None:
    """Output, host, path, URI and size."""
    collector, _ = collected({f"{OUTPUT}/a": b"123"})
    (upload,) = collector.uploads

    assert ("result", "algo-1", f"{OUTPUT}/a", "s3://bucket/result/a", 3) == (
        upload.output,
        upload.host,
        upload.path,
        upload.uri,
        upload.size,
    )


def test_nothing_is_uploaded_of_a_job_that_failed() -> None:
    """Its message is taken all the same."""
    collector, stored = collected({f"{OUTPUT}/a": b"1", MESSAGE_PATH: b"why"}, upload=False)

    assert ({}, b"why") == (stored, collector.message)


@pytest.mark.parametrize("written", [f"{OUTPUT}/", f"{OUTPUT}/.", "/opt/ml/./processing//output/result"])
def test_a_local_path_may_be_written_in_many_ways(written: str) -> None:
    """They all name the same directory, also where the image declares a VOLUME of it."""
    _, stored = collected({f"{OUTPUT}/a/b": b"1"}, of=request(outputs={"result": written}), volumes=(OUTPUT,))

    assert {"s3://bucket/result/a/b": b"1"} == stored


@pytest.mark.parametrize("volume", [OUTPUT, f"{OUTPUT}/", "/opt/ml/processing", "/opt/ml", "/data"])
def test_a_volume_at_or_above_an_output_keeps_nothing_back(volume: str) -> None:
    """The output itself lies over it."""
    _, stored = collected({f"{OUTPUT}/a": b"1"}, volumes=(volume,))

    assert {"s3://bucket/result/a": b"1"} == stored


@pytest.mark.parametrize("volume", [f"{OUTPUT}/cache", f"{OUTPUT}/cache/"])
def test_a_volume_below_an_output_swallows_what_is_written_there(volume: str) -> None:
    """It is a volume of its own; what lies beside it is uploaded."""
    _, stored = collected({f"{OUTPUT}/cache/a": b"1", f"{OUTPUT}/cache-2": b"2"}, volumes=(volume,))

    assert {"s3://bucket/result/cache-2": b"2"} == stored


def test_a_file_in_place_of_an_output_is_not_uploaded() -> None:
    """It would have no name below the S3Uri."""
    _, stored = collected({OUTPUT: b"1"})

    assert {} == stored


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("s3://b", "s3://b/x"),
        ("s3://b/", "s3://b/x"),
        ("s3://b/p", "s3://b/p/x"),
        ("s3://b/p/", "s3://b/p/x"),
        ("s3://b//p", "s3://b//p/x"),
    ],
)
def test_a_key_is_the_uris_and_the_path(uri: str, expected: str) -> None:
    """With one slash between the two, and none at the bucket's beginning that the URI has not."""
    asked = request()
    asked.document["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = uri
    _, stored = collected({f"{OUTPUT}/x": b"1"}, of=asked)

    assert [expected] == list(stored)


def test_what_s3_has_no_key_for_is_not_uploaded() -> None:
    """A key of 1,024 bytes is, one of 1,025 is not; nor is a name that is not UTF-8."""
    fits = "a" * (1024 - len("result/"))
    collector, stored = collected({f"{OUTPUT}/{fits}": b"1", f"{OUTPUT}/{fits}a": b"2"})
    collector.peek(replace(file(f"{OUTPUT}/caf\\xe9"), is_utf8=False), io.BytesIO(b"3"))

    assert {f"s3://bucket/result/{fits}": b"1"} == stored
    assert [f"{OUTPUT}/{fits}"] == [upload.path for upload in collector.uploads]


def test_a_further_name_that_s3_has_no_key_for_is_passed_over() -> None:
    """A file that has another name besides is uploaded under that one alone."""
    collector, stored = collected({f"{OUTPUT}/a": b"1"})
    collector.linked(replace(file(f"{OUTPUT}/caf\\xe9"), is_utf8=False), file(f"{OUTPUT}/a"))

    assert (["s3://bucket/result/a"], []) == (list(stored), collector.unread)


def test_a_further_name_is_uploaded_as_the_file_itself() -> None:
    """Its content passes once, under the first name."""
    collector, _ = collected({f"{OUTPUT}/a": b"1"})
    collector.linked(file(f"{OUTPUT}/b"), file(f"{OUTPUT}/a"))
    first, second = collector.uploads

    assert ("s3://bucket/result/b", first.digest) == (second.uri, second.digest)


def test_a_long_message_is_kept_in_part() -> None:
    """Its beginning, which ends with a whole character: the rest of the file may well be UTF-8."""
    text = "京" * MESSAGE_BYTES
    collector, _ = collected({MESSAGE_PATH: text.encode()})
    message = collector.message

    assert message is not None
    assert text.startswith(message.decode())
    assert MESSAGE_BYTES - 3 < len(message) <= MESSAGE_BYTES
    assert "京" * 341 == exit_message([message])


@pytest.mark.parametrize("content", [b"", b"done", b"\xe4\xba", b"\xff"])
def test_a_short_message_is_kept_as_it_is(content: bytes) -> None:
    """Also where it is not UTF-8, which fails the job."""
    collector, _ = collected({MESSAGE_PATH: content})

    assert content == collector.message


lengths = st.one_of(
    st.integers(0, 10),
    st.sampled_from([LOG_HEAD_BYTES, LOG_TAIL_BYTES, 2 * LOG_TAIL_BYTES, LOG_HEAD_BYTES + LOG_TAIL_BYTES, LARGEST]),
    st.integers(0, LARGEST),
)
STREAM = bytes(range(251)) * (LARGEST // 251 + 1)


@given(lengths, st.lists(lengths, max_size=5))
def test_head_and_tail_of_a_stream(size: int, cuts: list[int]) -> None:
    """Whatever the pieces that it comes in: all of it, or its first and last bytes."""
    stream = STREAM[:size]
    places = [0, *sorted(min(cut, size) for cut in cuts), size]
    log = LogReader().read(stream[begin:end] for begin, end in pairwise(places))

    assert size == log.size
    assert stream[:LOG_HEAD_BYTES] == log.head
    assert stream[LOG_HEAD_BYTES:][-LOG_TAIL_BYTES:] == log.tail


def test_a_log_says_what_was_left_out() -> None:
    """Between its beginning and its end."""
    log = LogReader().read([b"a" * LOG_HEAD_BYTES, b"b" * 10, b"c" * LOG_TAIL_BYTES])

    assert "a\n[... 10 bytes left out ...]\nc" in log.text


def test_words_are_found_in_what_is_left_out_of_a_log() -> None:
    """Also where the engine hands one over in two pieces."""
    log = LogReader(("secret", "nothing")).read([b"a" * LARGEST, b"\nsec", b"ret\n", b"b" * LARGEST])

    assert "secret" not in log.text
    assert {"secret"} == log.found


SHORT = [(b"", b""), (b"x" * 10_000, b""), (b"x" * 30_000, b"x" * 30_000), (b"\n" * 1_000, b"")]
LONG = [(b"x" * 70_000, b"x" * 30_000), (b"\n" * 3_000, b""), (b"x" * (10 * PART_BYTES), b"")]


@pytest.mark.parametrize("streams", [*SHORT, *LONG])
def test_a_log_is_complete_where_it_fits_in_one_file_of_the_engine(streams: tuple[bytes, bytes]) -> None:
    """Both streams stand in it, and each line takes some more room than it has letters."""
    stdout, stderr = streams
    logs = read_logs([stdout], [stderr], words=(), dropped_from_bytes=100_000)
    expected = streams in SHORT

    assert [expected, expected] == [log.complete for log in logs]


def test_the_whole_of_a_long_message_is_looked_at() -> None:
    """Far beyond what is kept of it: a byte that is not UTF-8, and words that are looked for."""
    content = b"a" * 3_000_000 + b"secret\xff" + b"b" * 100
    collector = Collector("algo-1", request(), (), upload=False, words=("secret",))
    collector.peek(file(MESSAGE_PATH, size=len(content)), io.BytesIO(content))

    assert Fault(3_000_006, 0xFF, "invalid start byte") == collector.message_fault
    assert {"secret"} == collector.message_found
