"""Shell form is told from exec form by the words that the engine stores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.image.shell import (
    ends_in_exec,
    hands_on_arguments,
    is_broken_array,
    is_shell_form,
    shell_command,
)
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


@pytest.mark.parametrize(
    "command",
    [
        "exec python3 x.py",
        " exec python3 x.py\n",
        'cd /app && exec python3 p.py "$@"',
        "set -e; exec x;",
        "set -e\nexec x\n",
        "a & exec x",
        "A=b C='d e' exec x --flag",
        "exec x > /log 2>&1",
        "cd /app &&\n  exec x",
        "echo ';' \"a && b\"; exec x",
    ],
)
def test_a_string_ends_in_exec(command: str) -> None:
    """Its last command is one that the shell becomes."""
    assert ends_in_exec(command)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "exec",
        "exec > /log",
        "python3 x.py",
        "exec x; true",
        "exec x && y",
        "a | exec x",
        "a || exec x",
        "(cd /app; exec x)",
        "echo exec x",
        "echo 'a; exec x'",
        "python3 x.py 'exec x",
        "if a; then exec x; fi",
        "executable",
        ";",
    ],
)
def test_a_string_does_not_end_in_exec(command: str) -> None:
    """Another command is the last, or it may not come to it, or in a process of its own; or it cannot be read."""
    assert not ends_in_exec(command)


@given(st.text(max_size=40))
def test_any_string_can_be_looked_at(command: str) -> None:
    """It comes from an image that nobody trusts."""
    assert ends_in_exec(command) in {True, False}
    assert is_broken_array(command) in {True, False}
    assert hands_on_arguments(command) in {True, False}


@pytest.mark.parametrize(
    ("argv", "shell", "expected"),
    [
        (("/bin/sh", "-c", COMMAND), (), True),
        (("/bin/sh", "-c", COMMAND), ("/bin/bash", "-c"), True),
        (("/bin/bash", "-o", "pipefail", "-c", COMMAND), ("/bin/bash", "-o", "pipefail", "-c"), True),
        (("/bin/bash", "-c", COMMAND), (), False),
        (("sh", "-c", COMMAND), (), False),
        (("/bin/sh", "-c", COMMAND, "--"), (), False),
        (("/bin/sh", "-ec", COMMAND), (), False),
        (("python3",), (), False),
        ((), (), False),
    ],
)
def test_shell_form_is_what_docker_makes_of_it(argv: tuple[str, ...], shell: tuple[str, ...], expected: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """The words of SHELL, or Docker's default, and one string: what has more words was written in exec form."""
    assert expected == is_shell_form(argv, shell)


@pytest.mark.parametrize("command", ["[ " + "," * 1_000_000, "[ " + ", ]x" * 300_000, "[" * 1_000_000])
def test_a_command_of_any_length_is_read_in_one_pass(command: str) -> None:
    """As many commas as there are make no pass over the rest for each of them, which would take hours."""
    assert not is_broken_array(command)
