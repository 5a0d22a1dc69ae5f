"""Chapter `message`: /opt/ml/output/message."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.files.stream import Fault
from conformance.files.tree import File, Kind
from conformance.job.variation import INPUT_MARKER, Variation
from conformance.outcome.outcome import MESSAGE_PATH, Host, Outcome
from conformance.verdict.verdict import Word
from tests.support.outcomes import directory, empty_inputs, host, image, judged, link, not_started, outcome

UTF8 = "message.utf8"
SIZE = "message.fits-1-kb"
PLAIN = "message.plain-text"


@pytest.mark.parametrize("check", [UTF8, SIZE, PLAIN])
@pytest.mark.parametrize("message", ["", " \t\r\n", "3 rows", "é京\U0001f4c8", "x" * 1024, "a\ufeffb\x7f\x85"])
def test_a_short_text_conforms(check: str, message: str) -> None:
    """An empty one too."""
    assert Word.CONFORMS == judged(check, image(), outcome(host(message=message))).word


@given(st.binary(max_size=40))
def test_utf8_is_what_python_takes_for_it(message: bytes) -> None:
    """Strictly."""
    try:
        message.decode()
        expected = Word.CONFORMS
    except UnicodeDecodeError:
        expected = Word.VIOLATES

    assert expected == judged(UTF8, image(), outcome(host(message=message))).word


def test_the_first_wrong_byte_is_named() -> None:
    """With its place and its value."""
    (violation,) = judged(UTF8, image(), outcome(host(message="fertig für heute".encode("latin-1")))).violations

    assert f"Expected UTF-8 text in {MESSAGE_PATH}, but on algo-1 byte 8 is 0xfc: " in violation


def test_a_fault_beyond_what_is_kept_of_a_message_violates() -> None:
    """The service has looked at the whole file, of which the outcome holds the beginning."""
    long = host(message="x", message_size=100_000, message_fault=Fault(70_000, 0xFF, "invalid start byte"))
    (violation,) = judged(UTF8, image(), outcome(long)).violations

    assert violation.endswith("on algo-1 byte 70000 is 0xff: invalid start byte.")


def test_a_secret_beyond_what_is_kept_of_a_message_violates() -> None:
    """The same of the words that the service looks for: credentials, and a word of an input, which is advice."""
    long = host(message="x", message_size=100_000, secret="/v2/credentials/1")
    found = [replace(long, message_found=frozenset({word})) for word in (long.secrets[0], INPUT_MARKER)]

    assert [Word.VIOLATES, Word.ADVISED] == [judged(SECRETS, image(), outcome(), corrupt(each)).word for each in found]


def test_what_one_host_left_hides_nothing_of_the_next() -> None:
    """Each host's message is judged."""
    odd, broken = host(directory(MESSAGE_PATH)), replace(host(message=b"\xff"), name="algo-2")
    verdict = judged(UTF8, image(), outcome(odd, broken))

    assert Word.VIOLATES is verdict.word
    assert ["algo-1", "algo-2"] == [sentence.partition(" on ")[2].split()[0] for sentence in verdict.violations]


@pytest.mark.parametrize(
    "left", [directory(MESSAGE_PATH), link(MESSAGE_PATH, "/dev/stdout"), File(MESSAGE_PATH, Kind.FIFO)]
)
def test_what_is_no_file_is_advice(left: File) -> None:
    """AWS says nothing about it; the sentence names what it is."""
    verdict = judged(UTF8, image(), outcome(host(left)))

    assert Word.ADVISED == verdict.word
    assert (f"Expected {MESSAGE_PATH} to be a file, but on algo-1 it is a {left.kind}.",) == verdict.violations


@pytest.mark.parametrize("message", ["x" * 1025, "é" * 513])
def test_a_long_message_is_advised_against(message: str) -> None:
    """The limit counts bytes; the sentence says how many are lost."""
    verdict = judged(SIZE, image(), outcome(host(message=message)))
    size = len(message.encode())

    assert Word.ADVISED == verdict.word
    assert (
        f"Expected at most 1,024 bytes in {MESSAGE_PATH}, but algo-1 wrote {size:,}, "
        f"of which {size - 1024:,} are cut off."
    ) == verdict.violations[0]


def test_the_size_is_that_of_the_file() -> None:
    """And not of what was kept of it."""
    (violation,) = judged(SIZE, image(), outcome(host(message="x", message_size=1_000_000))).violations

    assert "wrote 1,000,000, of which 998,976" in violation


@pytest.mark.parametrize("check", [UTF8, SIZE, PLAIN])
def test_a_message_is_optional(check: str) -> None:
    """Without one there is nothing to judge, and no profile can require it."""
    verdict = judged(check, image(), outcome())

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert MESSAGE_PATH in verdict.reason


@pytest.mark.parametrize(("check", "message"), [(UTF8, b"\xff"), (SIZE, b"x" * 1025), (PLAIN, b"\0")])
def test_a_program_that_fails_may_leave_a_message(check: str, message: bytes) -> None:
    """It is judged like any other."""
    assert judged(check, image(), outcome(host(message=message, exit_code=1))).violations


@pytest.mark.parametrize("check", [UTF8, SIZE])
def test_a_start_that_fails_with_empty_inputs_leaves_the_other_messages_to_be_judged(check: str) -> None:
    """As an engine's trouble may have it."""
    unstarted = empty_inputs(not_started("no"))
    said = b"\xff" * 1025

    assert judged(check, image(), outcome(host(message=said)), unstarted, corrupt(host())).violations


@pytest.mark.parametrize("check", [UTF8, SIZE, PLAIN])
def test_a_container_that_did_not_start_left_none(check: str) -> None:
    """Which is judged elsewhere."""
    verdict = judged(check, image(), outcome(not_started("no")))

    assert (Word.NOT_JUDGED, True) == (verdict.word, verdict.applies)
    assert "exit.zero-on-success" in verdict.reason


def test_a_byte_order_mark_is_advised_against() -> None:
    """At the beginning; as a character within a text it is none."""
    verdict = judged(PLAIN, image(), outcome(host(message="\ufeff3 rows")))

    assert Word.ADVISED == verdict.word
    assert (
        f"Expected {MESSAGE_PATH} to start with text, but on algo-1 it starts with a byte order mark.",
    ) == verdict.violations


@pytest.mark.parametrize("number", sorted({*range(32)} - {0x09, 0x0A, 0x0D}))
def test_a_control_character_is_advised_against(number: int) -> None:
    """All of ASCII's but the tab and the ends of lines; the first is named, with its place."""
    verdict = judged(PLAIN, image(), outcome(host(message=f"é\r\n\t{chr(number)}x\0")))

    assert Word.ADVISED == verdict.word
    assert (
        f"Expected no control characters in {MESSAGE_PATH}, but on algo-1 byte 5 is 0x{number:02x}.",
    ) == verdict.violations


@pytest.mark.parametrize(
    "left",
    [host(message=b"\xef\xbb\xbf\0\xff"), host(directory(MESSAGE_PATH)), host(link(MESSAGE_PATH, "/dev/stdout"))],
    ids=["not UTF-8", "directory", "link"],
)
def test_what_is_no_text_at_all_is_told_once(left: Host) -> None:
    """By the check of the encoding."""
    verdict = judged(PLAIN, image(), outcome(left))

    assert (Word.NOT_JUDGED, UTF8) == (verdict.word, verdict.see)


def test_the_way_to_the_credentials_is_no_message() -> None:
    """A dump of the environment shows it; the sentence does not repeat the value."""
    secret = "/v2/credentials/0815"
    leaking = outcome(host(message=f"done\nAWS_CONTAINER_CREDENTIALS_RELATIVE_URI={secret}\n", secret=secret))

    found = judged("message.no-secrets", image(), leaking)

    assert Word.VIOLATES is found.word
    assert secret not in found.text


def test_credentials_in_the_message_of_a_failure_alone_are_no_message_either() -> None:
    """Many programs dump their environment only then, as with empty inputs."""
    leaking = host(exit_code=1, message="URI=/v2/credentials/0815", secret="/v2/credentials/0815")

    assert Word.VIOLATES is judged("message.no-secrets", image(), outcome(), empty_inputs(leaking)).word


@pytest.mark.parametrize("message", ["done", "/v2/credentials", ""])
def test_other_messages_hold_no_credentials(message: str) -> None:
    """Only the value of this very run counts."""
    found = judged("message.no-secrets", image(), outcome(host(message=message, secret="/v2/credentials/0815")))

    assert Word.CONFORMS is found.word


SECRETS = "message.no-secrets"
REPEATED = f"cannot parse {INPUT_MARKER!r} of part-1.csv\n"


def corrupt(ended: Host) -> Outcome:
    """The outcome of a run whose inputs were corrupt."""
    return outcome(ended, variation=Variation.CORRUPT_INPUTS)


@pytest.mark.parametrize("good", [outcome(), outcome(host(message="3 rows"))])
def test_a_message_that_repeats_an_input_is_advised_against(good: Outcome) -> None:
    """Whether the job leaves one when its inputs are well or not; the word is the suite's own, so it is told.

    It is no MUST: a program that quotes the header which it cannot take gives nothing away.
    """
    verdict = judged(SECRETS, image(), good, corrupt(host(exit_code=1, message=REPEATED)))

    assert Word.ADVISED is verdict.word
    (violation,) = verdict.violations
    assert violation.startswith(f"Expected no input data in {MESSAGE_PATH}, but algo-1 repeated a ")
    assert violation.endswith(f"word of a corrupt input: {INPUT_MARKER}.")


def test_a_message_that_names_the_file_and_the_line_conforms() -> None:
    """As one does that quotes the word of no input, or the bytes around it."""
    said = "part-1.csv, line 1: 'utf-8' codec can't decode byte 0x80 in position 0: invalid start byte"

    assert Word.CONFORMS is judged(SECRETS, image(), outcome(), corrupt(host(exit_code=1, message=said))).word


def test_credentials_are_told_once_and_what_an_input_holds_besides() -> None:
    """All runs have the credentials' own paths, and a dump shows them in each; only one has the suite's own input."""
    leaks = [host(message=f"URI=/v2/credentials/{word}\n{REPEATED}", secret=f"/v2/credentials/{word}") for word in "ab"]
    verdict = judged(SECRETS, image(), outcome(leaks[0]), corrupt(leaks[1]))

    assert Word.VIOLATES is verdict.word
    assert ["credentials", "input data"] == [
        text.removeprefix("Expected ").removeprefix("no ").partition(" in /opt")[0] for text in verdict.violations
    ]


def test_without_a_message_in_either_run_it_does_not_apply() -> None:
    """One that is left only where inputs are corrupt is judged."""
    neither = judged(SECRETS, image(), outcome(), corrupt(host(exit_code=1)))

    assert (Word.NOT_JUDGED, False) == (neither.word, neither.applies)
    assert f"the job wrote no {MESSAGE_PATH}" == neither.reason
    assert Word.CONFORMS is judged(SECRETS, image(), outcome(), corrupt(host(exit_code=1, message="no rows"))).word


def test_a_job_that_did_not_start_leaves_its_message_to_be_judged() -> None:
    """Unless there is none."""
    verdict = judged(SECRETS, image(), outcome(not_started("no")), corrupt(not_started("no")))

    assert (Word.NOT_JUDGED, "exit.zero-on-success", True) == (verdict.word, verdict.see, verdict.applies)


@pytest.mark.parametrize("good", [outcome(), outcome(host(message="3 rows"))])
def test_a_message_that_only_a_failure_leaves_is_read_as_well(good: Outcome) -> None:
    """It is advice, whatever it holds: the job fails anyway; what a failure shows, another one does not show again."""
    long, other = host(exit_code=1, message="x" * 1025), host(exit_code=1, message=b"kein Eingang f\xfcr den Lauf")
    verdicts = [
        judged(SIZE, image(), good, empty_inputs(long), corrupt(long)),
        judged(SIZE, image(), good, good, corrupt(long)),
        judged(UTF8, image(), good, empty_inputs(other), corrupt(other)),
    ]

    assert [Word.ADVISED] * 3 == [verdict.word for verdict in verdicts]
    told = [text for verdict in verdicts for text in verdict.violations]
    assert len(verdicts) == len(told)
    assert "algo-1 wrote 1,025 when its inputs are empty, of which 1 are cut off." in told[0]
    assert "algo-1 wrote 1,025 when its inputs are corrupt, of which 1 are cut off." in told[1]
    assert "on algo-1 byte 14 is 0xfc when its inputs are empty: invalid start byte." in told[2]


def test_a_message_that_is_wrong_in_each_run_is_told_of_once() -> None:
    """As it is when the job does its work, which is the graver case."""
    wrong = host(message=b"\xff")
    verdict = judged(UTF8, image(), outcome(wrong), empty_inputs(wrong), corrupt(wrong))

    assert Word.VIOLATES is verdict.word
    assert len(verdict.violations) == 1


# The messages of several hosts

BUDGET = "message.budget-of-all-hosts"


def messages(*sizes: int | None) -> Outcome:
    """The outcome of hosts that left messages of so many bytes, or none."""
    return outcome(*(host(message=None if size is None else "x" * size) for size in sizes))


@pytest.mark.parametrize("sizes", [(1024, None), (None, 1024), (512, 512), (0, 0), (300, 300, 424), (1024, 0)])
def test_messages_that_fit_in_1_kb_together_conform(sizes: tuple[int | None, ...]) -> None:
    """Whoever writes them."""
    assert Word.CONFORMS is judged(BUDGET, image(), messages(*sizes)).word


def test_messages_that_do_not_fit_together_are_advised_against() -> None:
    """Each of them would; a host without one is not counted."""
    verdict = judged(BUDGET, image(), messages(1000, None, 1000))

    (violation,) = verdict.violations
    assert Word.ADVISED is verdict.word
    assert (
        f"Expected at most 1,024 bytes in {MESSAGE_PATH} of all hosts together, but 2 hosts wrote 2,000, of which 976 "
        "are cut off."
    ) == violation
    assert Word.ADVISED is judged(BUDGET, image(), messages(1000, None, 25)).word


def test_a_message_that_is_too_long_by_itself_is_judged_elsewhere() -> None:
    """A flaw is named once."""
    verdict = judged(BUDGET, image(), messages(1025, 1000))

    assert (Word.NOT_JUDGED, SIZE) == (verdict.word, verdict.see)
    assert Word.ADVISED is judged(SIZE, image(), messages(1025, 1000)).word


@pytest.mark.parametrize(
    ("run", "reason"),
    [
        (outcome(host(message="x" * 2000)), "the request has one host"),
        (messages(None, None), f"the job wrote no {MESSAGE_PATH}"),
    ],
)
def test_without_messages_of_several_hosts_there_is_no_budget(run: Outcome, reason: str) -> None:
    """The clause does not apply."""
    verdict = judged(BUDGET, image(), run)

    assert (False, reason) == (verdict.applies, verdict.reason)


def test_what_is_no_file_takes_nothing_of_the_budget() -> None:
    """That it is none is told elsewhere."""
    run = outcome(host(directory(MESSAGE_PATH)), host(message="x" * 1024))

    assert Word.CONFORMS is judged(BUDGET, image(), run).word
