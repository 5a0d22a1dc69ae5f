"""The script of an interpreter's command line is told from its options, and no command line is too strange."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.image.interpreter import invocation

INTERPRETERS = ("python3", "bash", "tcsh", "perl", "Rscript", "node")
words = st.sampled_from(["-", "--", "-c", "-u", "-eo", "+x", "-W", "--require", "-I", "x.py", "", "--a=b"]) | st.text()


@given(st.sampled_from([*INTERPRETERS, "env", ""]), st.lists(words, max_size=6))
def test_no_command_line_is_too_strange(first: str, rest: list[str]) -> None:
    """A script is one of the words, and so is each letter of an option."""
    found = invocation([first, *rest])

    assert found is None or not found.script or any(found.script in word for word in rest)
    assert found is None or all(any(letter in word for word in rest) for letter in found.letters)


@pytest.mark.parametrize("name", INTERPRETERS)
def test_the_first_word_is_the_script(name: str) -> None:
    """By whatever path the interpreter is called; what follows is the script's own."""
    for first in (name, f"/usr/local/bin/{name}"):
        found = invocation([first, "/x", "-c", "/y"])

        assert found is not None
        assert (name, "/x", frozenset()) == (found.name, found.script, found.letters)


@pytest.mark.parametrize("name", ["python3.12", "python", "pypy3", "python3.13t"])
def test_python_has_many_names(name: str) -> None:
    """Each takes the same options."""
    found = invocation(["/usr/bin/env", name, "-Wd", "-X", "dev", "-u", "x.py"])

    assert found is not None
    assert found.is_python
    assert ("x.py", frozenset({"W", "X", "u"})) == (found.script, found.letters)


@pytest.mark.parametrize("argv", [[], ["tini", "--", "python3", "/x.py"], ["pythonic", "/x"], ["/x.sh"], ["env"]])
def test_other_programs_are_no_interpreters(argv: list[str]) -> None:
    """What a wrapper starts is not looked into."""
    assert invocation(argv) is None


@pytest.mark.parametrize("option", ["-MFile::Spec", "-i.save", "-Ilib", "-I lib"])
def test_letters_of_an_operand_are_no_options(option: str) -> None:
    """Perl writes its modules behind the letter that loads them, and one called `File` asks for no `-e`."""
    found = invocation(["perl", *option.split(), "-w", "/x.pl"])

    assert found is not None
    assert ("/x.pl", {option[1], "w"}) == (found.script, set(found.letters))
