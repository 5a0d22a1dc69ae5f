"""ExitMessage is the beginning of what the hosts wrote, as UTF-8 text of at most 1 KB."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.files.stream import Fault
from conformance.outcome.outcome import MESSAGE_LIMIT_BYTES
from conformance.service.message import cut, exit_message, fault
from tests.support.outcomes import host

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
long_texts = st.builds(lambda text, times: text * times, texts, st.integers(1, 200))


@given(st.lists(long_texts, min_size=1, max_size=4))
def test_it_is_a_beginning_of_all_messages_together(messages: list[str]) -> None:
    """Joined in the order of the hosts, and never longer than 1 KB of UTF-8."""
    found = exit_message([text.encode() for text in messages])

    assert found is not None
    assert "".join(messages).startswith(found)
    assert len(found.encode()) <= MESSAGE_LIMIT_BYTES


@given(long_texts)
def test_it_is_the_longest_beginning(text: str) -> None:
    """Not one character more would fit."""
    found = cut(text)

    assert found == text or len(text[: len(found) + 1].encode()) > MESSAGE_LIMIT_BYTES


def test_the_limit_is_1024_bytes() -> None:
    """AWS writes one KB."""
    assert "x" * 1024 == exit_message([b"x" * 1025])


@pytest.mark.parametrize(("character", "kept"), [("é", 510), ("京", 340), ("\U0001f4c8", 255)])
def test_a_character_is_never_split(character: str, kept: int) -> None:
    """It is left out where a part of it would be beyond the limit."""
    assert "xyz" + character * kept == exit_message([("xyz" + character * 1000).encode()])


def test_without_a_message_there_is_none() -> None:
    """Which is not the same as an empty one."""
    assert exit_message([]) is None
    assert "" == exit_message([b""])


@pytest.mark.parametrize(
    "messages", [[b"\xe9"], [b"fine", b"\xff"], ["é".encode()[:1]], [b"\xed\xa0\x80"], [b"\xc0\xaf"]]
)
def test_what_is_not_utf8_fails(messages: list[bytes]) -> None:
    """Strictly: no surrogates and no overlong forms either."""
    with pytest.raises(UnicodeDecodeError):
        exit_message(messages)


def test_the_first_host_whose_message_is_not_utf8_is_named() -> None:
    """With the place, wherever in the file that is; others are fine."""
    late = host(message="fine", message_fault=Fault(70_000, 0xFF, "invalid start byte"))

    assert "" == fault([host(), host(message="fine")])
    assert "/opt/ml/output/message of algo-1 is not UTF-8: invalid start byte at byte 70000" == fault([host(), late])


def test_halves_on_two_hosts_make_no_character() -> None:
    """Each host's message is text by itself."""
    with pytest.raises(UnicodeDecodeError):
        exit_message(["é".encode()[:1], "é".encode()[1:]])


def test_bytes_beyond_the_limit_count_as_well() -> None:
    """The file is not UTF-8, wherever the fault stands."""
    with pytest.raises(UnicodeDecodeError):
        exit_message([b"x" * 2000 + b"\xff"])
