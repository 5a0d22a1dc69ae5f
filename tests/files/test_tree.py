"""Paths within a tree lead where the kernel would lead them."""

import os
import posixpath
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.files.tree import LONGEST_LINK_CHAIN, ROOT, FileTree, Kind, is_below, kept_back
from tests.support.outcomes import directory, file, link


def led(path: str, *files: object) -> str:
    """Where a path leads in a tree of these files: a path, or the reason why to nothing."""
    found = FileTree.of(files).resolve(path)  # type: ignore[arg-type] # the builders' own entries
    return found.file.path if found.file else found.problem


def test_a_file_leads_to_itself() -> None:
    """Without links a path is what it says."""
    assert "/bin/run" == led("/bin/run", file("/bin/run"))


def test_dots_and_slashes_are_nothing() -> None:
    """`.` and repeated slashes change nothing."""
    assert "/bin/run" == led("//bin/.///run", file("/bin/run"))


def test_the_root_is_a_directory() -> None:
    """`/` is there, also in an empty tree."""
    assert ROOT == FileTree().resolve("/").file


@pytest.mark.parametrize("target", ["run-2", "./run-2", "../bin/run-2", "/bin/run-2", "/../../bin/run-2"])
def test_a_link_at_the_end_is_followed(target: str) -> None:
    """A relative target counts from the link's own directory, and `..` never leads above the root."""
    assert "/bin/run-2" == led("/bin/run", link("/bin/run", target), file("/bin/run-2"))


def test_a_link_in_the_middle_is_followed() -> None:
    """As /bin -> usr/bin, which every recent distribution has."""
    assert "/usr/bin/sh" == led("/bin/sh", link("/bin", "usr/bin"), file("/usr/bin/sh"))


def test_dots_after_a_link_count_from_where_it_leads() -> None:
    """`link/..` is the parent of the target, not of the link."""
    tree = (link("/app/current", "/releases/3"), directory("/releases/3"), file("/releases/run"), file("/app/run"))

    assert "/releases/run" == led("/app/current/../run", *tree)


def test_a_dangling_link_leads_to_nothing() -> None:
    """The reason names what is missing."""
    assert "/bin/run-2 does not exist" == led("/bin/run", link("/bin/run", "run-2"))


def test_a_loop_leads_to_nothing() -> None:
    """Two links to each other end, as they do in the kernel."""
    assert led("/a", link("/a", "b"), link("/b", "a")).endswith("is part of a loop of symbolic links")


@pytest.mark.parametrize(("links", "leads"), [(LONGEST_LINK_CHAIN, True), (LONGEST_LINK_CHAIN + 1, False)])
def test_a_chain_may_be_as_long_as_linux_allows(links: int, leads: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """40 links are followed, the 41st is not."""
    chain = [link(f"/{number}", str(number + 1)) for number in range(links)]

    assert leads == (led("/0", *chain, file(f"/{links}")) == f"/{links}")


@pytest.mark.parametrize("path", ["/bin/run/x", "/bin/run/..", "/bin/run/.", "/bin/run/", "/alias/x"])
def test_a_file_is_no_directory(path: str) -> None:
    """Whatever goes on below a file goes nowhere, a slash at its end included."""
    assert "/bin/run is a file, not a directory" == led(path, file("/bin/run"), link("/alias", "bin/run"))


def test_a_link_to_a_file_with_a_slash_leads_to_nothing() -> None:
    """A slash at the end of a target asks for a directory."""
    assert "/run-2 is a file, not a directory" == led("/run", link("/run", "run-2/"), file("/run-2"))


def test_a_directory_may_be_implied() -> None:
    """An archive need not have an entry for a directory that something lies in."""
    found = FileTree.of([file("/a/b/c")]).get("/a/b")

    assert found == directory("/a/b")


def test_a_later_entry_replaces_an_earlier_one() -> None:
    """As unpacking the archive would."""
    tree = FileTree.of([file("/a", size=1), file("/a", size=2)])

    assert [2] == [entry.size for entry in tree]


def test_entries_come_in_the_order_of_their_paths() -> None:
    """Whatever the order of the archive."""
    tree = FileTree.of([file("/b"), file("/a/c"), file("/a")])

    assert ["/a", "/a/c", "/b"] == [entry.path for entry in tree]


def test_below_is_by_component() -> None:
    """`/ab` does not lie below `/a`, and `/a` does not lie below itself."""
    tree = FileTree.of([directory("/a"), file("/a/x"), file("/ab")])

    assert ["/a/x"] == [entry.path for entry in tree.below("/a/")]


@pytest.mark.parametrize(
    ("path", "above", "expected"),
    [
        ("/opt/ml", "/opt/ml", True),
        ("/opt/ml/", "/opt/ml", True),
        ("/opt/ml/model/x", "/opt/ml", True),
        ("/opt/mlflow", "/opt/ml", False),
        ("/opt/ml/../mlflow", "/opt/ml", False),
        ("/opt/./ml//model", "/opt/ml/", True),
        ("/opt", "/opt/ml", False),
        ("/anything", "/", True),
    ],
)
def test_is_below(path: str, above: str, expected: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """A directory counts as below itself; names are compared by component."""
    assert expected == is_below(path, above)


NAMES = ("a", "b", "c")
parts = st.sampled_from([*NAMES, ".", "..", "a/b", "b/c"])
paths = st.lists(parts, min_size=1, max_size=5).map("/".join)
targets = st.builds(lambda path, slash: path + slash, paths, st.sampled_from(["", "/"]))


@given(
    files=st.dictionaries(
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join), st.just(""), max_size=6
    ),
    links=st.dictionaries(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join), targets, max_size=6),
    path=targets,
)
def test_paths_lead_where_the_operating_system_leads_them(
    files: dict[str, str], links: dict[str, str], path: str
) -> None:
    """Relative links only: the root of the tree stands deep enough that no `..` leaves the temporary directory."""
    with TemporaryDirectory() as name:
        top = Path(name).resolve() / "/".join("x" * 64)
        top.mkdir(parents=True)
        entries = []
        for place, target in {**files, **links}.items():
            if not os.path.realpath(top / place.rpartition("/")[0]).startswith(str(top)):
                continue  # a link leads out of the tree
            try:
                (top / place).parent.mkdir(parents=True, exist_ok=True)
                if target:
                    (top / place).symlink_to(target)
                else:
                    (top / place).touch(exist_ok=False)
            except OSError:
                continue  # something else lies there or above it
        for found in sorted(top.rglob("*")):
            inner = f"{top}/{found.relative_to(top).as_posix()}"
            entries.append(
                link(inner, os.readlink(found))  # noqa: PTH115 - Path would drop the slash at the end
                if found.is_symlink()
                else directory(inner)
                if found.is_dir()
                else file(inner)
            )
        tree = FileTree.of([*entries, directory(str(top))])
        asked = f"{top}/{path}"
        leads = tree.resolve(asked).file

        assert os.path.exists(asked) == (leads is not None)  # noqa: PTH110 - Path would drop the slash at the end
        assert leads is None or os.path.realpath(asked) == leads.path


@given(st.lists(st.sampled_from(["a", "ab", "b", ".", "..", ""]), max_size=6), st.lists(st.sampled_from(["a", "ab"])))
def test_is_below_agrees_with_the_common_path(path: list[str], above: list[str]) -> None:
    """It is the same question as whether the directory is the common part of both."""
    lower, upper = "/" + "/".join(path), "/" + "/".join(above)
    normal = "/" + posixpath.normpath(lower).lstrip("/")

    assert (posixpath.commonpath([normal, upper]) == posixpath.normpath(upper)) == is_below(
        "/" + lower.lstrip("/"), upper
    )


def test_kinds_are_words() -> None:
    """They stand in sentences that users read."""
    assert "symbolic link" == str(Kind.SYMLINK)


@pytest.mark.parametrize(
    ("path", "volumes", "expected"),
    [
        ("/out/cache/a", ("/out/cache",), "/out/cache"),
        ("/out/cache/a", ("/data", "/out/cache/"), "/out/cache"),
        ("/out/cache", ("/out/cache",), "/out/cache"),
        ("/out/cache-2", ("/out/cache",), ""),
        ("/out/a", ("/out",), ""),
        ("/out/a", ("/out/",), ""),
        ("/out/a", ("/",), ""),
        ("/out/a", (), ""),
    ],
)
def test_a_volume_keeps_back_what_lies_in_it(path: str, volumes: tuple[str, ...], expected: str) -> None:
    """Where it lies strictly below the directory: one at or above it is covered by what is mounted there."""
    assert expected == kept_back(path, "/out", volumes)
