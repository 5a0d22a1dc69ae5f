"""Archives are written as the platform would leave its files, and read as they come, never extracted."""

import contextlib
import gc
import io
import tarfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import IO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import JobError
from conformance.files.archive import Rights, TooLargeError, printable, read, write
from conformance.files.tree import File, Kind

ROOT = "/opt/ml"
LIMIT = 1 << 30

names = (
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8)
    | st.sampled_from(["..data", "...", "a b", " ", "-", "é", "\U0001f4c8", "x" * 255, "é" * 127, "\\x41"])
).filter(lambda name: name not in {".", ".."})
paths = st.lists(names, min_size=1, max_size=5).map("/".join)


def chunks(stream: IO[bytes], size: int = 7919) -> Iterator[bytes]:
    """An archive as the engine sends it: in pieces that know nothing of files."""
    while piece := stream.read(size):
        yield piece


def written(files: dict[str, bytes], *directories: str) -> bytes:
    """The archive of these files and directories, all below the root."""
    entries: list[tuple[str, bytes | None]] = [(path, None) for path in directories]
    return b"".join(write(ROOT, [*entries, *files.items()]))


def as_sent(archive: bytes) -> bytes:
    """The same archive as the engine gives it back: below a first component, the name of the directory."""
    sent = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(archive)) as source, tarfile.open(fileobj=sent, mode="w") as target:
        top = tarfile.TarInfo("ml")
        top.type = tarfile.DIRTYPE
        target.addfile(top)
        for member in source:
            content = source.extractfile(member)
            moved = member.replace(name=f"ml/{member.name}")
            moved.pax_headers = {}  # they hold the old name
            target.addfile(moved, content)
    return sent.getvalue()


def entries(archive: bytes, root: str = ROOT, limit: int = LIMIT) -> tuple[dict[str, File], dict[str, bytes]]:
    """What is read of an archive, and what its files hold."""
    contents: dict[str, bytes] = {}

    def peek(file: File, content: IO[bytes]) -> File:
        contents[file.path] = content.read()
        return file

    found = read(chunks(io.BytesIO(archive)), root=root, limit_bytes=limit, peek=peek)
    return {file.path: file for file in found}, contents


def distinct(wanted: dict[str, bytes]) -> dict[str, bytes]:
    """Those of the files that can lie beside one another: none is a directory of another."""
    return {
        path: content for path, content in wanted.items() if not any(other.startswith(path + "/") for other in wanted)
    }


@given(st.dictionaries(paths, st.binary(max_size=20), max_size=5).map(distinct))
def test_what_is_written_is_read_back(files: dict[str, bytes]) -> None:
    """Whatever the names, with every directory above them."""
    wanted = {f"{ROOT}/{path}": content for path, content in files.items()}
    tree, contents = entries(as_sent(written(wanted)))
    above = {path[:at] for path in wanted for at, letter in enumerate(path) if letter == "/" and at >= len(ROOT)}

    assert wanted == contents
    assert {ROOT, *above} == {path for path, entry in tree.items() if entry.kind is Kind.DIRECTORY}
    assert len(tree) == len(wanted) + len({ROOT, *above})


def test_a_path_may_be_long() -> None:
    """Longer than the 256 bytes that an old tar archive holds."""
    path = f"{ROOT}/" + "/".join(["é" * 100] * 5)

    assert {path: b"x"} == entries(as_sent(written({path: b"x"})))[1]


def test_modes_and_owners_are_the_platforms() -> None:
    """root:root, files 0644 without an execute permission, directories 0755."""
    tree, _ = entries(as_sent(written({f"{ROOT}/input/run.sh": b"#!"}, f"{ROOT}/output")))

    assert (Kind.FILE, 0o644, 0, 0, 2) == owned(tree[f"{ROOT}/input/run.sh"])
    assert (Kind.DIRECTORY, 0o755, 0, 0, 0) == owned(tree[f"{ROOT}/input"])
    assert (Kind.DIRECTORY, 0o755, 0, 0, 0) == owned(tree[f"{ROOT}/output"])


def owned(file: File) -> tuple[Kind, int, int, int, int]:
    """What an entry is and whose."""
    return file.kind, file.mode, file.uid, file.gid, file.size


def test_the_root_itself_is_given_to_somebody_where_that_is_asked_for() -> None:
    """Else it stays as it is."""
    of_user = Rights(0o777, 0o666, uid=7)
    archives = [b"".join(write(ROOT, [], of_root=rights)) for rights in (None, of_user)]
    entries = [list(read([each], root="", limit_bytes=LIMIT)) for each in archives]

    assert [[], [File("/", Kind.DIRECTORY, 0o777, uid=7)]] == entries


def test_the_root_of_a_volume_may_have_no_name() -> None:
    """Podman leaves it out of the names of an archive that it makes of a volume."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in ("", "/a", "/b/c"):
            archive.addfile(tarfile.TarInfo(name))
        link = tarfile.TarInfo("/d")
        link.type, link.linkname = tarfile.LNKTYPE, "/a"
        archive.addfile(link)
    found = list(read([buffer.getvalue()], root=ROOT, limit_bytes=LIMIT))

    assert [ROOT, f"{ROOT}/a", f"{ROOT}/b/c", f"{ROOT}/d"] == [file.path for file in found]


def test_a_directory_is_written_once() -> None:
    """However many files lie in it, and before the first of them."""
    archive = written({f"{ROOT}/a/x": b"", f"{ROOT}/a/y": b""}, f"{ROOT}/a", f"{ROOT}/a")
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        found = tar.getnames()

    assert ["a", "a/x", "a/y"] == found


def test_what_is_written_is_new() -> None:
    """Files and directories alike: 1970, the default of an archive, is a date that ZIP does not have."""
    begun = int(time.time())
    with tarfile.open(fileobj=io.BytesIO(written({f"{ROOT}/a/x": b""}, f"{ROOT}/b"))) as tar:
        times = [entry.mtime for entry in tar]

    assert 3 == len(times)
    assert begun <= min(times) <= max(times) <= time.time()


@pytest.mark.parametrize("path", ["/etc/passwd", f"{ROOT}/../x", "/opt/mlx", ROOT, f"{ROOT}/a/../../x"])
def test_a_file_outside_of_the_root_is_refused(path: str) -> None:
    """Nor can the root itself be a file."""
    with pytest.raises(JobError, match="cannot be put below /opt/ml"):
        written({path: b""})


def test_a_directory_outside_of_the_root_is_refused() -> None:
    """As a file is."""
    with pytest.raises(JobError, match="cannot be put below /opt/ml"):
        written({}, "/opt/mlx")


@pytest.mark.parametrize(("directories", "files"), [([], ["a", "a/b"]), (["b"], ["b"]), (["b/c"], ["b"])])
def test_a_path_is_not_a_file_and_a_directory(directories: list[str], files: list[str]) -> None:
    """S3 can hold `a` and `a/b`, a file system cannot; whichever comes first."""
    with pytest.raises(JobError, match="it is a directory and a file at once"):
        written({f"{ROOT}/{name}": b"" for name in files}, *(f"{ROOT}/{name}" for name in directories))


def test_a_large_archive_comes_in_pieces() -> None:
    """What was read of S3 goes on before the rest is read, so that memory does not grow with the input."""
    taken: list[int] = []

    def entries() -> Iterator[tuple[str, bytes]]:
        for number in range(8):
            taken.append(number)
            yield f"{ROOT}/{number}", bytes(1 << 20)

    pieces = write(ROOT, entries())
    first = next(pieces)

    assert len(first) < 3 << 20
    assert [0] == taken
    assert len(b"".join(pieces)) > 6 << 20


def test_a_file_is_read_in_pieces_while_the_archive_is(tmp_path: Path) -> None:
    """However large it is, no more than a piece of it is held."""
    large = tmp_path / "large"
    large.write_bytes(b"0123456789" * 500_000)

    pieces = list(write(ROOT, [(f"{ROOT}/large", large), (f"{ROOT}/small", b"1")]))

    assert max(map(len, pieces)) < 3 << 20
    assert {f"{ROOT}/large": large.read_bytes(), f"{ROOT}/small": b"1"} == entries(as_sent(b"".join(pieces)))[1]


def test_a_file_that_becomes_shorter_is_told(tmp_path: Path) -> None:
    """The archive said how long it is, so that what follows would be misread."""
    shrinking = tmp_path / "object"
    shrinking.write_bytes(bytes(3 << 20))
    pieces = write(ROOT, [(f"{ROOT}/object", shrinking)])
    next(pieces)
    shrinking.write_bytes(b"")

    with pytest.raises(JobError, match="object became shorter while it was read"):
        list(pieces)


def member(name: str, kind: bytes = tarfile.REGTYPE, *, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    """An entry of an archive that is made by hand."""
    entry = tarfile.TarInfo(name)
    entry.type, entry.linkname, entry.mode = kind, target, mode
    return entry


def by_hand(*members: tarfile.TarInfo, **contents: bytes) -> bytes:
    """An archive of these entries; contents go by name."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.GNU_FORMAT, errors="surrogateescape") as tar:
        for entry in members:
            content = contents.get(entry.name.rpartition("/")[2], b"")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return archive.getvalue()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (tarfile.REGTYPE, Kind.FILE),
        (tarfile.DIRTYPE, Kind.DIRECTORY),
        (tarfile.SYMTYPE, Kind.SYMLINK),
        (tarfile.FIFOTYPE, Kind.FIFO),
        (tarfile.CHRTYPE, Kind.DEVICE),
        (tarfile.BLKTYPE, Kind.DEVICE),
    ],
)
def test_kinds_are_told_apart(kind: bytes, expected: Kind) -> None:
    """And none but a file has a size."""
    tree, _ = entries(by_hand(member("ml/x", kind, target="t")))

    assert (expected, 0) == (tree["/opt/ml/x"].kind, tree["/opt/ml/x"].size)


def test_what_has_been_read_is_not_kept() -> None:
    """Python's module keeps each member, which for 250,000 files is more than 100 MB."""
    archive = by_hand(*(member(f"ml/{number}") for number in range(1000)))

    found = read(chunks(io.BytesIO(archive)), root=ROOT, limit_bytes=LIMIT)
    kept = [sum(isinstance(each, tarfile.TarInfo) for each in gc.get_objects()) for _ in islice(found, 900, None, 50)]

    assert [] == [count for count in kept if count > 10]
    assert kept


def test_a_link_keeps_its_target() -> None:
    """As it stands, whatever it leads to."""
    tree, contents = entries(by_hand(member("ml/x", tarfile.SYMTYPE, target="../../etc/passwd")))

    assert ("../../etc/passwd", {}) == (tree["/opt/ml/x"].target, contents)


def test_a_hard_link_is_the_file_that_it_leads_to() -> None:
    """Of the same size and mode."""
    link = member("ml/b", tarfile.LNKTYPE, target="ml/a")
    tree, _ = entries(by_hand(member("ml/a", mode=0o755), link, a=b"123"))

    assert replace(tree["/opt/ml/a"], path="/opt/ml/b") == tree["/opt/ml/b"]
    assert 3 == tree["/opt/ml/b"].size


def test_a_hard_link_to_a_symbolic_link_is_one() -> None:
    """And no empty file."""
    link = member("ml/b", tarfile.LNKTYPE, target="ml/a")
    tree, _ = entries(by_hand(member("ml/a", tarfile.SYMTYPE, target="t"), link))

    assert (Kind.SYMLINK, "t") == (tree["/opt/ml/b"].kind, tree["/opt/ml/b"].target)


def test_further_names_of_a_file_are_told() -> None:
    """Each with the entry that had the content; a symbolic link has none."""
    told: list[tuple[str, str]] = []
    archive = by_hand(
        member("ml/a"),
        member("ml/b", tarfile.LNKTYPE, target="ml/a"),
        member("ml/c", tarfile.SYMTYPE, target="a"),
        member("ml/d", tarfile.LNKTYPE, target="ml/c"),
        a=b"1",
    )
    list(
        read(
            chunks(io.BytesIO(archive)),
            root=ROOT,
            limit_bytes=LIMIT,
            linked=lambda file, original: told.append((file.path, original.path)),
        )
    )

    assert [("/opt/ml/b", "/opt/ml/a")] == told


def test_a_name_that_is_not_utf8_can_be_shown() -> None:
    """Its bytes become escapes, in a name and in a target."""
    link = member("ml/caf\udce9", tarfile.SYMTYPE, target="\udcff")
    tree, _ = entries(by_hand(link))

    assert {"/opt/ml/caf\\xe9": "\\xff"} == {path: entry.target for path, entry in tree.items()}


@pytest.mark.parametrize(
    ("name", "expected"), [("café", True), ("caf\\xe9", True), ("caf\udce9", False), ("d\udcff/x", False)]
)
def test_a_name_that_is_not_utf8_is_told_from_its_escapes(name: str, expected: bool) -> None:  # noqa: FBT001 - the figure
    """A directory's name counts, and so does the name of a hard link by itself."""
    tree, _ = entries(
        by_hand(member("ml/0"), member(f"ml/{name}"), member(f"ml/{name}~", tarfile.LNKTYPE, target="ml/0"))
    )

    assert [True, expected, expected] == [entry.is_utf8 for entry in tree.values()]


@given(st.binary())
def test_every_name_can_be_shown(name: bytes) -> None:
    """As UTF-8, and unchanged where it is UTF-8."""
    shown = printable(name.decode("utf-8", "surrogateescape"))

    assert shown == name.decode("utf-8", "backslashreplace")


def test_the_special_bits_of_a_mode_are_kept() -> None:
    """setuid, setgid and the sticky bit."""
    tree, _ = entries(by_hand(member("ml/x", mode=0o107755)))

    assert 0o7755 == tree["/opt/ml/x"].mode


@pytest.mark.parametrize(("name", "expected"), [("./bin/sh", "/bin/sh"), ("bin/sh", "/bin/sh"), ("/bin/sh", "/bin/sh")])
def test_an_export_has_no_first_component(name: str, expected: str) -> None:
    """The names of an image's files are taken as they are."""
    assert [expected] == list(entries(by_hand(member(name)), root="")[0])


def test_an_archive_has_a_bound() -> None:
    """What a container leaves must not fill the machine that reads it."""
    archive = by_hand(member("ml/a"), member("ml/b"), a=b"x" * 30_000, b=b"x" * 30_000)

    with pytest.raises(TooLargeError, match="the archive is larger than the suite reads"):
        entries(archive, limit=50_000)


def test_a_file_beyond_the_bound_is_not_read() -> None:
    """Its size is enough: a file of holes may have a terabyte, every byte of which an engine would send."""
    huge = tarfile.TarInfo("ml/holes")
    huge.size = 1 << 40
    sent: list[int] = []

    def zeros() -> Iterator[bytes]:
        yield huge.tobuf(tarfile.GNU_FORMAT)
        while True:
            sent.append(1 << 20)
            yield bytes(sent[-1])

    with pytest.raises(TooLargeError):
        list(read(zeros(), root=ROOT, limit_bytes=LIMIT))

    assert sum(sent) <= 2 << 20


@pytest.mark.parametrize(("limit", "count"), [(3, 3), (2, None)])
def test_so_many_entries_are_read(limit: int, count: int | None) -> None:
    """And no more."""
    archive = by_hand(*(member(f"ml/{name}") for name in "abc"))
    bound = pytest.raises(TooLargeError, match="more than 2 entries") if count is None else contextlib.nullcontext()

    with bound:
        assert count == len(list(read([archive], root=ROOT, limit_bytes=LIMIT, limit_files=limit)))


@pytest.mark.parametrize(("limit", "files"), [(5000, 100), (LIMIT, 1)])
def test_who_reads_no_further_lets_go(limit: int, files: int) -> None:
    """An engine holds a container until its archive has been read to its end, or nobody reads it any more."""
    left: list[bool] = []

    def sent() -> Iterator[bytes]:
        try:
            for number in range(100):
                yield by_hand(member(f"ml/{number}"))[:512]
        finally:
            left.append(True)

    with pytest.raises(TooLargeError) as caught:
        list(read(sent(), root=ROOT, limit_bytes=limit, limit_files=files))

    assert caught
    assert [True] == left


def test_the_bound_itself_is_allowed() -> None:
    """To the last byte."""
    archive = by_hand(member("ml/a"), a=b"x" * 100_000)

    assert 100_000 == entries(archive, limit=len(archive))[0]["/opt/ml/a"].size


@pytest.mark.parametrize("archive", [b"", b"no archive at all" * 100, by_hand(member("ml/a"), a=b"x" * 5000)[:3000]])
def test_a_broken_archive_is_an_error_of_the_run(archive: bytes) -> None:
    """An engine that goes away in the middle says nothing of the image."""
    with pytest.raises(JobError, match="the engine's archive cannot be read: "):
        entries(archive)


def test_an_unfinished_look_does_not_disturb_the_next() -> None:
    """A content that nobody reads to its end is passed over."""
    archive = by_hand(member("ml/a"), member("ml/b"), a=b"x" * 5000, b=b"next")
    looks: list[bytes] = []

    def peek(file: File, content: IO[bytes]) -> File:
        looks.append(content.read(4))
        return file

    found = list(read(chunks(io.BytesIO(archive)), root=ROOT, limit_bytes=LIMIT, peek=peek))

    assert ([b"xxxx", b"next"], 2) == (looks, len(found))
