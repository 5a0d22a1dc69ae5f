"""The probe's binary, and the archive that it comes in."""

import io
import tarfile
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import probe
from conformance.errors import JobError
from conformance.probe import bundle
from scripts.probe import BINARIES, CompilerMissingError, compile_all


@pytest.fixture(autouse=True)
def _fresh() -> None:
    probe.binary.cache_clear()


def archive_of(name: str, content: bytes) -> bytes:
    """An archive as the engine gives one for a file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(name)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def test_the_binary_is_static_and_for_x86_64() -> None:
    """It is an ELF executable for x86_64 that names no interpreter, and no larger than 104 KiB."""
    content = probe.binary()

    assert b"\x7fELF\x02\x01" == content[:6]
    assert 62 == int.from_bytes(content[18:20], "little")
    assert b"/ld-" not in content
    assert len(content) < 104 << 10


def test_the_binaries_are_what_their_sources_say() -> None:
    """The same sources and the same compiler give the same bytes, so that nobody has to trust a binary."""
    try:
        built = compile_all()
    except CompilerMissingError as error:
        pytest.skip(str(error))

    assert {"probe", "look", "libcuda.so.1", "nvidia-smi"} == set(built)
    assert built == {name: probe.binary(name) for name in built}


def test_a_damaged_binary_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is not the released one never gets into a container."""
    (tmp_path / "probe").write_bytes(b"something else")
    (tmp_path / "probe.sha256").write_bytes((BINARIES / "probe.sha256").read_bytes())
    monkeypatch.setattr("conformance.probe.resources.files", lambda _: tmp_path)

    with pytest.raises(probe.ProbeError, match=r"the probe has the checksum \w{64} and should have \w{64} \(install"):
        probe.binary()


def test_a_missing_binary_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installation without it says so."""
    monkeypatch.setattr("conformance.probe.resources.files", lambda _: tmp_path)

    with pytest.raises(probe.ProbeError, match="the probe is incomplete"):
        probe.binary()


def test_a_bundle_can_be_used_by_every_user() -> None:
    """Whoever the container's user is may execute the program, read the plan, write the record and empty the key."""
    content = bundle.bundle(bundle.trace(), copies=["/usr/bin/true"], key=b"key")
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        found = {member.name: (member.mode, member.uid, member.gid, member.mtime) for member in archive}

    assert {
        ".conformance": (0o755, 0, 0, 0),
        ".conformance/probe": (0o755, 0, 0, 0),
        "usr/bin/true": (0o755, 0, 0, 0),
        ".conformance/plan": (0o644, 0, 0, 0),
        ".conformance/record": (0o666, 0, 0, 0),
        ".conformance/key": (0o666, 0, 0, 0),
    } == found


@given(st.lists(st.one_of(st.binary(), st.text(), st.integers()), min_size=1))
def test_any_words_fit_into_a_line_of_a_plan(parts: list[bytes | str | int]) -> None:
    """Whatever the words are, the line is one of printable characters, and gives them back."""
    line = bundle.words(*parts)
    expected = [part if isinstance(part, bytes) else str(part).encode("utf-8", "surrogateescape") for part in parts]

    assert line.isascii()
    assert line.isprintable()
    assert expected == [unquote_to_bytes(word) for word in line.split(" ")]


def test_a_plan_is_its_lines() -> None:
    """A stand-in reports first and then does what it is told."""
    assert "report\nwrite /a%20b %25\nexit 3" == bundle.report(bundle.words("write", "/a b", "%"), "exit 3")
    assert "trace 10" == bundle.trace(10)


def test_a_record_is_read_from_what_the_engine_gives() -> None:
    """It is the content of the only file in the archive, in however many pieces that comes."""
    archive = archive_of("record", b"x" * 1000)
    pieces = [archive[at : at + 100] for at in range(0, len(archive), 100)]

    assert b"x" * 1000 == bundle.read_record(pieces)


def test_a_record_that_cannot_be_the_probe_s_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A workload may write to it too; what is too large is refused and does not fill the memory."""
    monkeypatch.setattr(bundle, "READ_BYTES", 4096)

    with pytest.raises(JobError, match="larger than the suite reads"):
        bundle.read_record([archive_of("record", b"x" * 100_000)])
