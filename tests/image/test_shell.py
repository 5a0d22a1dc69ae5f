"""Shell form is told from exec form by the words that the engine stores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.image.shell import shell_command
from conformance.shells import SHELLS

COMMAND = "python3 /processing.py"

SHELL_FORMS = (
    ["/bin/sh", "-c"],
    ["sh", "-c"],
    ["sh", "-ec"],
    ["sh", "-e", "-c"],
    ["sh", "-e", "-u", "-x", "-c"],
    ["/bin/bash", "-o", "pipefail", "-c"],
    ["/bin/bash", "-eo", "pipefail", "-c"],
    ["/bin/bash", "-euxo", "pipefail", "-c"],
    ["/bin/bash", "-e", "-o", "pipefail", "-u", "-c"],
    ["/bin/bash", "-O", "extglob", "-c"],
    ["/bin/bash", "+o", "histexpand", "-c"],
    ["/bin/bash", "+x", "-c"],
    ["/bin/bash", "-ceo", "pipefail"],
    ["/bin/bash", "-c", "-e"],
    ["/bin/bash", "-c", "-o", "pipefail"],
    ["bash", "-l", "-c"],
    ["bash", "-lc"],
    ["bash", "--login", "-c"],
    ["bash", "--noprofile", "--norc", "-c"],
    ["bash", "--rcfile", "/etc/bashrc", "-c"],
    ["/usr/bin/env", "bash", "-c"],
    ["env", "bash", "-o", "pipefail", "-c"],
    ["env", "-i", "PATH=/bin", "MODE=a=b", "bash", "-c"],
    ["env", "-u", "HOME", "bash", "-c"],
    ["busybox", "sh", "-c"],
    ["/bin/busybox", "ash", "-c"],
    ["/usr/bin/zsh", "-c"],
    ["/bin/csh", "-c"],
    ["tcsh", "-fc"],
    ["yash", "-o", "errexit", "-c"],
    ["/bin/rbash", "-lc"],
)

EXEC_FORMS: tuple[list[str], ...] = (
    [],
    ["sh"],
    ["bash", "-l"],
    ["sh", "-c"],
    ["/processing.py"],
    ["python3", "/processing.py"],
    ["python3", "-c", "import processing"],
    ["perl", "-c", "x.pl"],
    ["bash", "/run.sh"],
    ["bash", "/run.sh", "-c", "x"],
    ["bash", "-x", "/run.sh", "-c"],
    ["bash", "-eo", "pipefail", "/run.sh", "-c", "x"],
    ["bash", "-o", "pipefail", "/run.sh"],
    ["bash", "--", "-c", "x"],
    ["tini", "--", "sh", "-c", "x"],
    ["/usr/bin/dumb-init", "sh", "-c", "x"],
    ["conda", "run", "-n", "env", "bash", "-c", "x"],
    ["env", "MODE=test", "python3", "-c", "x"],
    ["/usr/bin/env"],
    ["busybox", "wget", "-c", "x"],
    ["busybox"],
    ["/opt/sh/run", "-c", "x"],
    ["/bin/sh-wrapper", "-c", "x"],
)


@pytest.mark.parametrize("words", SHELL_FORMS, ids=" ".join)
def test_shell_form_gives_its_command(words: list[str]) -> None:
    """What follows the shell and its options is the command."""
    assert COMMAND == shell_command([*words, COMMAND])


@pytest.mark.parametrize("words", SHELL_FORMS, ids=" ".join)
def test_words_after_the_command_belong_to_it(words: list[str]) -> None:
    """They become `$0`, `$1` and so on."""
    assert COMMAND == shell_command([*words, COMMAND, "--", "-c", "other"])


@pytest.mark.parametrize("words", EXEC_FORMS, ids=" ".join)
def test_exec_form_has_no_command(words: list[str]) -> None:
    """A program that is started itself, a shell that runs a script included."""
    assert shell_command(words) is None


def test_env_splits_one_string() -> None:
    """As a `#!` line has it."""
    assert "python3" == shell_command(["/usr/bin/env", "-S", "bash -e -c", "python3"])


def test_what_the_image_calls_its_shell_is_one() -> None:
    """SHELL may name any program: the engine puts its words before the string of a shell form."""
    shell = ["conda", "run", "-n", "env", "/bin/bash", "-c"]

    assert COMMAND == shell_command([*shell, COMMAND], shell)


@pytest.mark.parametrize(
    ("shell", "words"),
    [
        (["conda", "run", "bash", "-c"], ["conda", "run", "bash", "-c", "python3", "/processing.py"]),
        (["conda", "run", "bash", "-c"], ["conda", "run", "bash", "-c"]),
        (["conda", "run"], ["conda", "run", "python3"]),
    ],
)
def test_the_images_shell_counts_only_as_the_engine_writes_it(shell: list[str], words: list[str]) -> None:
    """All its words up to a `-c`, and one string; anything else was written by hand."""
    assert shell_command(words, shell) is None


@given(st.sampled_from(sorted(SHELLS)), st.text(min_size=1).filter(lambda text: not text.startswith("-")))
def test_any_string_may_be_a_command(shell: str, command: str) -> None:
    """Only what begins with a dash is taken for an option."""
    assert command == shell_command([f"/bin/{shell}", "-c", command])
