"""Which line of a log tells what went wrong, in the languages that images are written in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.outcome.outcome import End
from conformance.rule.telling import LINE_CHARACTERS, Stream, Telling, blames_arguments, telling, tracebacks
from tests.support.logs_of_languages import CHAINED, JAVA, NODE, PYTHON, TRACEBACKS, Sample
from tests.support.outcomes import host, request

every_traceback = pytest.mark.parametrize("sample", TRACEBACKS, ids=lambda sample: sample.line[:30])


def told(stderr: str = "", stdout: str = "") -> Telling:
    """What tells most of these logs."""
    found = telling(host(exit_code=1, stdout=stdout, stderr=stderr))
    assert found is not None
    return found


@every_traceback
@pytest.mark.parametrize("stream", Stream)
def test_a_traceback_is_told_by_its_line_and_its_place(sample: Sample, stream: Stream) -> None:
    """On either stream: who logs to stdout leaves stderr empty."""
    found = told(**{str(stream): sample.log})

    assert (sample.language, sample.line, sample.place, sample.cause) == (
        found.language,
        found.line,
        found.place,
        found.cause,
    )
    assert (stream, True) == (found.stream, found.is_traceback)


@every_traceback
def test_a_traceback_is_found_once(sample: Sample) -> None:
    """Whatever stands before and after it; a chain is one."""
    (found,) = tracebacks(host(exit_code=1, stdout="", stderr=f"a line: of ours\n{sample.log}and: another one\n"))

    assert (sample.language, sample.line, False) == (found.language, found.line, found.is_last)


@every_traceback
def test_the_words_of_a_traceback_alone_are_none(sample: Sample) -> None:
    """Without the structure around it, the line may be an ordinary one of a log."""
    said = "\n".join(f"INFO: {line}" for line in sample.log.splitlines() if line == sample.line)

    assert () == tracebacks(host(exit_code=1, stderr=said))


@pytest.mark.parametrize(
    "said",
    [
        "Traceback (most recent call last):\n",
        "Traceback (most recent call last): is what a program writes that fails\n",
        'Traceback (most recent call last):\n  File "/app/x.py", line 1, in f\n',
        'Traceback (most recent call last):\n  File "/app/x.py", line 1, in f\n    f()\nhere the log goes on\n',
        "Traceback (most recent call last):\nValueError: no frames\n",
        "Error: 3 rows are bad, which are skipped\nERROR: again\n",
        "Execution halted\n",
        "Warning: the table is old\n   at least 3 rows are. (bad)\n",
        "    at main (/app/a.js:2:25)\n",
        "panic: is what nobody should\n",
        "it panicked at noon\n",
        "terminate calls\n",
        "Node.js v20.20.2\n",
        "Segmentation fault\n",
        "",
    ],
)
def test_what_only_looks_like_a_traceback_is_none(said: str) -> None:
    """A line that speaks of failure says nothing about how a program ended."""
    assert () == tracebacks(host(exit_code=1, stdout=said, stderr=said))


def test_the_last_traceback_is_told() -> None:
    """All of them are found, those on stderr after those on stdout."""
    said = host(exit_code=1, stdout=NODE.log, stderr=CHAINED.log + "again\n" + PYTHON.log)

    assert [NODE.line, CHAINED.line, PYTHON.line] == [found.line for found in tracebacks(said)]
    assert [True, False, True] == [found.is_last for found in tracebacks(said)]
    assert [Stream.STDOUT, Stream.STDERR, Stream.STDERR] == [found.stream for found in tracebacks(said)]
    assert PYTHON.line == told(CHAINED.log + "again\n" + PYTHON.log).line


def test_a_traceback_on_stderr_goes_before_one_on_stdout() -> None:
    """And one on stdout before a mere line on stderr."""
    assert JAVA.line == told(JAVA.log, PYTHON.log).line
    assert PYTHON.line == told("FutureWarning: old\n", PYTHON.log).line


def test_a_traceback_that_was_got_over_is_not_told() -> None:
    """Where the program went on for long, its last line tells more."""
    went_on = PYTHON.log + "".join(f"row {number}\n" for number in range(60)) + "no total\n"

    assert ("no total", False) == (told(went_on).line, told(went_on).is_traceback)


@pytest.mark.parametrize(("before", "after", "is_told"), [(60, 0, True), (0, 50, True), (0, 51, False)])
def test_a_traceback_is_told_up_to_so_many_lines_from_the_end(before: int, after: int, *, is_told: bool) -> None:
    """However many lines stand before it, and without those that are blank."""
    found = told("row\n" * before + PYTHON.log + "\nrow\n" * after)

    assert is_told is found.is_traceback


@pytest.mark.parametrize(
    "line",
    [
        "/run.sh: line 3: python4: command not found",
        "bash: line 1: nosuch: command not found",
        "run.sh: 3: nosuch: not found",
        "/run: 3: nosuch: not found",
        "./run: 3: nosuch: not found",
        "run: line 3: nosuch: command not found",
        "/run.sh: 2: Syntax error: end of file unexpected",
        "r.sh: line 2:   388 Segmentation fault      (core dumped) ./job",
        "bash:   303 Aborted                 ./job",
        "bash:     7 Aborted                 ./job 'a: b: c: d'",
        "Segmentation fault (core dumped)",
        "Bus error",
        "Killed",
    ],
)
def test_what_a_shell_says_at_the_end_is_told(line: str) -> None:
    """Though the script goes on with a line or two; it is no traceback of a program."""
    found = told(f"begin\n{line}\nDone.\n", "rows 3\n")

    assert (line, False, Stream.STDERR) == (found.line, found.is_traceback, found.stream)
    assert not found.is_last
    assert ("begin", line, "Done.") == found.around


def test_three_lines_before_it_and_two_after_it_are_shown() -> None:
    """However many there are."""
    found = told("1\n2\n3\n4\nSegmentation fault\n6\n7\n8\n")

    assert ("2", "3", "4", "Segmentation fault", "6", "7") == found.around


@pytest.mark.parametrize(
    "line",
    ["rows: 3: done", "x: line of code: y", "worker: Killed by nobody", "Killed 3 jobs", "a: b: c: d: 3 Killed"],
)
def test_what_no_shell_says_is_an_ordinary_line(line: str) -> None:
    """The last one is told then."""
    assert "Done." == told(f"{line}\nDone.\n").line


@pytest.mark.parametrize(
    ("stdout", "stderr", "line", "stream"),
    [
        ("one\n", "two\n three \n\n", "three", Stream.STDERR),
        ("one\ntwo\n", "\n", "two", Stream.STDOUT),
        ("10 %\r100 %\r", "", "100 %", Stream.STDOUT),
    ],
)
def test_else_the_last_line_is_told(stdout: str, stderr: str, line: str, stream: Stream) -> None:
    """Of stderr, and where that is empty, of stdout."""
    found = told(stderr, stdout)

    assert (line, stream, False, True) == (found.line, found.stream, found.is_traceback, found.is_last)


@pytest.mark.parametrize("said", ["", "\n \n"])
def test_of_a_log_that_says_nothing_nothing_is_told(said: str) -> None:
    """Blank lines say nothing."""
    assert telling(host(exit_code=1, stdout=said, stderr=said)) is None


def test_a_sentence_names_the_stream_the_place_and_the_cause() -> None:
    """Where they are known, and each once."""
    expected = "; stdout says: 'job.errors.Failed' (File \"/app/job.py\", line 9), after \"KeyError: 'amount'\""

    assert expected == told(stdout=CHAINED.log).words
    assert "; stderr says: 'no'" == told("no\n").words


def test_a_sentence_steers_no_terminal() -> None:
    """Whatever the names of files and exceptions hold."""
    words = told(PYTHON.log.replace("job.py", "job\x1b[2J.py").replace("object", "\x9b31m")).words

    assert words.isprintable()
    assert 'File "/app/job?[2J.py", line 8' in words


def test_what_is_told_is_short() -> None:
    """A line may be as long as a log, and a report is no place for it."""
    long = f'Traceback (most recent call last):\n  File "/{"x" * 5_000}", line 1, in f\nValueError: {"x" * 300_000}\n'
    found = told(long)

    assert len(found.words) < 3 * LINE_CHARACTERS
    assert all(len(line) <= LINE_CHARACTERS for line in found.around)


FRAGMENTS = [line for sample in TRACEBACKS for line in sample.log.splitlines()] + [
    "",
    " ",
    "  ",
    ": : : :",
    "/run.sh: line 3: x",
    "Segmentation fault",
    "Traceback (most recent call last):",
    "  Traceback (most recent call last):",
    "During handling of the above exception, another exception occurred:",
    "\tat ",
    "    at (",
    "Caused by: ",
    "Error ",
    "\x00\ud800".encode("utf-8", "surrogatepass").decode("utf-8", "backslashreplace"),
]


@given(st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=20)), max_size=40), st.binary(max_size=200))
def test_whatever_a_log_holds_it_is_read(said: list[str], odd: bytes) -> None:
    """Parts of tracebacks in any order, and bytes of any kind: what is told is a line of it, or made of two."""
    ended = host(exit_code=1, stdout="\n".join(said), stderr=odd)
    found = telling(ended)

    assert (found is None) == (not any(line.strip() for line in (*"\n".join(said).splitlines(), *_shown(odd))))
    assert all(each.is_traceback and each.line and each.around for each in tracebacks(ended))


def _shown(odd: bytes) -> list[str]:
    return odd.decode("utf-8", "backslashreplace").splitlines()


@pytest.mark.parametrize("line", [*FRAGMENTS, "error " * 100 + " " * 1300 + "x", "a" * 100_000, "at " * 10_000])
def test_a_long_log_takes_no_longer_than_it_is(line: str) -> None:
    """Thousands of times the same line, which may be the beginning of something: a quadratic search would not end."""
    said = f"{line}\n" * (400_000 // (len(line) + 1))
    found = tracebacks(host(exit_code=1, stdout=said, stderr=""))

    assert len(found) <= 20


# Whether the request itself may be at fault

ASKED = request(overrides={"ContainerArguments": ["--fast", "--rows=3"]})
ARGPARSE = "usage: job.py [-h] [--rows ROWS]\njob.py: error: unrecognized arguments: --fast\n"
GIVEN = "; the cause may be the request rather than the image: its ContainerArguments are ['--fast', '--rows=3']"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (2, ARGPARSE),
        (2, "usage: job.py [-h] name\njob.py: error: the following arguments are required: name\n"),
        (2, "job.py: error: argument --rows: invalid choice: '3' (choose from '1', '2')\n"),
        (2, "Usage: job [OPTIONS]\nTry 'job --help' for help.\n\nError: No such option: --fast\n"),
        (64, "job: unrecognized option '--fast'\n"),
        (1, "FATAL Flags parsing error: Unknown command line flag 'fast'. Given: --fast\n"),
        (2, "flag provided but not defined: -fast\nUsage of /job:\n"),
        (2, "  Usage: job FILE\n"),
        (64, "usage: job [-v] FILE\n"),
    ],
)
@pytest.mark.parametrize("stream", Stream)
def test_a_program_that_refuses_its_arguments_blames_the_request(code: int, said: str, stream: Stream) -> None:
    """Parsers of command lines say so in their own words; the request's arguments are named."""
    ended = host(exit_code=code, **{"stdout": "", str(stream): said})  # type: ignore[arg-type] # one of the two streams

    assert GIVEN == blames_arguments(ended, ASKED)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, ARGPARSE),
        (1, "unknown option in the configuration\n"),
        (1, "usage: of memory is high\n"),
        (2, "no such table\n"),
        (2, ""),
    ],
)
def test_other_failures_do_not_blame_the_request(code: int, said: str) -> None:
    """Nor where it succeeded."""
    assert "" == blames_arguments(host(exit_code=code, stdout="", stderr=said), ASKED)


def test_a_request_that_gives_no_arguments_is_not_blamed() -> None:
    """Nor one whose program was stopped, or did not run."""
    assert "" == blames_arguments(host(exit_code=2, stderr=ARGPARSE), request())
    assert "" == blames_arguments(host(exit_code=2, stderr=ARGPARSE, end=End.SUITE_LIMIT), ASKED)
    assert "" == blames_arguments(host(exit_code=None, stderr=ARGPARSE), ASKED)


def test_many_arguments_are_cut() -> None:
    """In the sentence that names them."""
    many = request(overrides={"ContainerArguments": ["x" * 100] * 100})

    assert blames_arguments(host(exit_code=2, stderr=ARGPARSE), many).endswith("xxx ...")


@pytest.mark.parametrize("said", ["unknown option --rows", "unknown option: --ROWS=a=b"])
def test_an_option_is_found_with_and_without_its_value(said: str) -> None:
    """By what stands before the first `=`, whatever the exit code."""
    asked = request(overrides={"ContainerArguments": ["--rows=a=b"]})

    assert blames_arguments(host(exit_code=1, stderr=said), asked).endswith("its ContainerArguments are ['--rows=a=b']")
    assert "" == blames_arguments(host(exit_code=1, stderr="unknown option b"), asked)


@pytest.mark.parametrize(("length", "cut"), [(196, False), (197, True)])
def test_arguments_are_shown_up_to_the_length_of_a_line(length: int, cut: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """200 characters, with the brackets and quotes."""
    asked = request(overrides={"ContainerArguments": ["x" * length]})
    shown = blames_arguments(host(exit_code=2, stderr=ARGPARSE), asked).partition("ContainerArguments are ")[2]

    assert (f"['{'x' * 194} ..." if cut else f"['{'x' * length}']") == shown


def test_a_place_that_the_line_names_is_not_repeated() -> None:
    """Nor is one that is not known."""
    around = ("x",)

    assert "; stderr says: 'x.sh: no'" == Telling("x.sh: no", around, Stream.STDERR, place="x.sh").words
    assert "; stderr says: 'no' (x.sh)" == Telling("no", around, Stream.STDERR, place="x.sh").words
    assert "; stderr says: 'no'" == Telling("no", around, Stream.STDERR).words
