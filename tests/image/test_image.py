"""An image finds the program of a command where the engine would."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.image.image import DEFAULT_PATH
from tests.support.outcomes import directory, file, image, link, program


def found(word: str, *files: object, path: str | None = None, **rest: str) -> str:
    """The program's path, or why there is none."""
    environment = {} if path is None else {"PATH": path}
    executable = image(*files, environment=environment, **rest).executable(word)  # type: ignore[arg-type] # builders' entries
    return executable.file.path if executable.file else executable.problem


def test_the_first_directory_of_path_wins() -> None:
    """PATH is searched in order."""
    programs = (program("/a/run"), program("/b/run"))

    assert "/b/run" == found("run", *programs, path="/b:/a")


@pytest.mark.parametrize("place", DEFAULT_PATH.split(":"))
def test_without_path_the_default_is_searched(place: str) -> None:
    """An image that sets no PATH gets that of the engine."""
    assert f"{place}/run" == found("run", program(f"{place}/run"))


def test_a_candidate_that_may_not_be_executed_is_passed_over() -> None:
    """So is a directory, and a link that leads nowhere."""
    files = (file("/a/run"), directory("/b/run"), link("/c/run", "nowhere"), program("/d/run"))

    assert "/d/run" == found("run", *files, path="/a:/b:/c:/d")


def test_a_file_without_permission_is_named_with_its_mode() -> None:
    """Where no other candidate exists, it is not missing: it may not be executed."""
    executable = image(file("/usr/bin/run", mode=0o640)).executable("run")

    assert (False, "/usr/bin/run has mode 0640") == (executable.missing, executable.problem)


def test_any_execute_permission_will_do() -> None:
    """Whose it is depends on USER, which is not judged here."""
    assert "/run" == found("/run", file("/run", mode=0o610))


def test_a_directory_is_no_program() -> None:
    """It is there, and cannot be executed."""
    executable = image(directory("/app")).executable("/app")

    assert (False, "/app is a directory") == (executable.missing, executable.problem)


def test_a_relative_path_counts_from_workdir() -> None:
    """And never from PATH."""
    files = (program("/app/bin/run"), program("/usr/bin/bin/run"))

    assert "/app/bin/run" == found("bin/run", *files, working_directory="/app")


def test_a_bare_word_is_not_looked_for_in_workdir() -> None:
    """The current directory is not on PATH."""
    executable = image(program("/app/run"), working_directory="/app").executable("run")

    assert executable.missing
    assert "no directory of PATH has it" in executable.problem
    assert "/usr/local/bin" in executable.problem


def test_relative_directories_of_path_are_not_searched() -> None:
    """The engine refuses what it finds there."""
    programs = (program("/app/run"), program("/app/bin/run"), program("/bin/run"))
    executable = image(*programs, working_directory="/app", environment={"PATH": ".:bin:"}).executable("run")

    assert executable.missing


def test_links_are_followed_to_the_program() -> None:
    """As python -> python3 -> python3.12 through a linked directory."""
    files = (link("/bin", "usr/bin"), link("/usr/bin/python", "/etc/alternatives/python"))
    more = (link("/etc/alternatives/python", "../../usr/bin/python3"),)

    assert "/usr/bin/python3.12" == found("/bin/python", *files, *more)


def test_dots_count_from_where_a_link_leads() -> None:
    """The kernel resolves `current/..`; shortening it as text would lead elsewhere."""
    files = (link("/app/current", "/releases/3"), directory("/releases/3"), program("/releases/run"))

    assert "/releases/run" == found("/app/current/../run", *files)


def test_a_slash_at_the_end_is_no_program() -> None:
    """`execve` refuses it."""
    assert "/processing.py is a file, not a directory" == found("/processing.py/")


def test_what_is_missing_is_named() -> None:
    """A link that dangles is told from a name that is not there."""
    images = image(link("/run", "/gone")), image(link("/usr/bin/run", "/gone"))
    executables = [images[0].executable("/run"), images[1].executable("run")]

    assert [
        (True, "/run is a symbolic link, and /gone does not exist"),
        (True, "/usr/bin/run is a symbolic link, and /gone does not exist"),
    ] == [(executable.missing, executable.problem) for executable in executables]


def test_the_command_is_entrypoint_and_cmd() -> None:
    """In this order."""
    assert ("a", "b", "c") == image(entrypoint=["a"], cmd=["b", "c"]).argv


def test_the_platform_is_written_as_docker_writes_it() -> None:
    """Operating system, slash, architecture."""
    assert "linux/arm64" == image(architecture="arm64").platform


@given(
    st.lists(st.sampled_from("abcd"), unique=True), st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd"))
)
def test_path_is_a_search_for_the_first_that_may_be_executed(order: list[str], there: set[str], may: set[str]) -> None:
    """Whatever lies in which directory."""
    files = [program(f"/{place}/run") if place in may else file(f"/{place}/run") for place in there]
    wanted = [f"/{place}/run" for place in order if place in there & may]
    executable = image(*files, environment={"PATH": ":".join(f"/{place}" for place in order)}).executable("run")

    assert next(iter(wanted), "") == (executable.file.path if executable.file else "")
    assert executable.missing == (not there & set(order))
