"""Which line of a log says what went wrong: rarely the last one.

R ends with `Execution halted`, Node with its version, Java with a stack frame; some programs only log to stdout.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from conformance.job.request import JobRequest
from conformance.outcome.outcome import End, Host, Log
from conformance.rule import tracebacks as found_in

LONGEST_LINE = 2_000
"""How much of a line is searched."""

LINE_CHARACTERS = 200
"""How much of a line a sentence quotes."""

BEFORE, AFTER = 3, 2
"""How many lines around the relevant one are shown."""

MOST_TRACEBACKS = 20
"""How many tracebacks of a stream are reported: the last ones."""

END_OF_LOG = 50
"""A traceback that so many lines follow was got over: what came of it stands further down."""

LAST_LINES = 5
"""Among so many lines at the end of a log, what a shell says of a command is what went wrong."""


class Stream(StrEnum):
    """A stream of a container."""

    STDOUT = "stdout"
    STDERR = "stderr"


@dataclass(frozen=True, slots=True)
class Telling:
    """The most relevant line of a log, with the lines around it and its stream.

    `language` is that whose interpreter or runtime wrote a traceback, by its structure; empty where there is none.
    `place` and `cause` are those of the traceback; `beside` are the lines above and below it, with its own first and
    last one, but without the source code that it quotes. `is_last` says that nothing else follows on its stream.
    """

    line: str
    around: tuple[str, ...]
    stream: Stream
    language: str = ""
    place: str = ""
    cause: str = ""
    is_last: bool = False
    beside: tuple[str, ...] = ()

    @property
    def is_traceback(self) -> bool:
        """Whether it is a traceback, and not just any line."""
        return bool(self.language)

    @property
    def words(self) -> str:
        """The line, as the end of a sentence."""
        # A file may have any name, and facts are printed as they are; what is quoted is escaped by that.
        shown = "".join(letter if letter.isprintable() else "?" for letter in self.place[:LINE_CHARACTERS])
        place = f" ({shown})" if self.place and self.place not in self.line else ""
        cause = f", after {self.cause[:LINE_CHARACTERS]!r}" if self.cause else ""
        return f"; {self.stream} says: {self.line[:LINE_CHARACTERS]!r}{place}{cause}"


def telling(host: Host) -> Telling | None:
    """The line that tells most of what a host said, and None where it said nothing.

    A traceback towards the end of either stream, else what a shell says of a command at the end, else the last line;
    stderr goes first.
    """
    streams = [(Stream.STDERR, lines(host.stderr)), (Stream.STDOUT, lines(host.stdout))]
    for stream, said in streams:
        late = [found for found in found_in.find(said) if _lines_after(said, found.end) <= END_OF_LOG]
        if late:
            return _of_traceback(stream, said, late[-1])
    for stream, said in streams:
        filled = [at for at, line in enumerate(said) if line.strip()][-LAST_LINES:]
        for at in reversed(filled):
            if _is_of_signal(said[at]) or _is_of_shell(said[at]):
                return _of_line(stream, said, at)
    for stream, said in streams:
        last = next((at for at in range(len(said) - 1, -1, -1) if said[at].strip()), None)
        if last is not None:
            return _of_line(stream, said, last)
    return None


def tracebacks(host: Host) -> tuple[Telling, ...]:
    """All tracebacks of programs that a host said, those on stderr last; of very many the last ones of each stream."""
    return tuple(
        _of_traceback(stream, said, found)
        for stream, log in ((Stream.STDOUT, host.stdout), (Stream.STDERR, host.stderr))
        for said in [lines(log)]
        for found in found_in.find(said)[-MOST_TRACEBACKS:]
    )


def lines(log: Log) -> list[str]:
    """A stream, line by line, empty ones too; long ones are cut."""
    return [line[:LONGEST_LINE].rstrip() for line in log.text.splitlines()]


REFUSED = (
    "unrecognized argument",
    "unrecognized option",
    "unrecognised argument",
    "unrecognised option",
    "unknown argument",
    "unknown option",
    "unknown flag",
    "unknown command line flag",
    "unexpected argument",
    "unexpected extra argument",
    "no such option",
    "no such command",
    "invalid choice",
    "invalid option",
    "illegal option",
    "flag provided but not defined",
    "arguments are required",
    "error: argument ",
    "missing argument",
    "missing option",
)
"""What parsers of command lines say of one that they do not take: argparse, click, getopt, absl, Go's flag, clap."""

USAGE = frozenset({2, 64})
"""The exit codes of a wrong command line, by argparse, click and getopt, and by sysexits.h."""


def blames_arguments(host: Host, request: JobRequest) -> str:
    """That the request's own ContainerArguments may be at fault, as the end of a sentence; nothing where they may not.

    A parser of command lines refuses them, as its exit code says too, unless it quotes one of them.
    """
    if not request.arguments or host.end is not End.EXITED or host.exit_code in {0, None}:
        return ""
    said = [line.lower() for log in (host.stdout, host.stderr) for line in lines(log)[-END_OF_LOG:]]
    refusals = [line for line in said if any(phrase in line for phrase in REFUSED)]
    words = [word.lower() for argument in request.arguments for word in {argument, argument.partition("=")[0]} if word]
    usage = any(line.lstrip().startswith("usage:") for line in said)
    by_code = host.exit_code in USAGE and bool(refusals or usage)
    if not by_code and not any(word in line for word in words for line in refusals):
        return ""
    given = str(list(request.arguments))
    shown = given if len(given) <= LINE_CHARACTERS else given[: LINE_CHARACTERS - 4] + " ..."
    return f"; the cause may be the request rather than the image: its ContainerArguments are {shown}"


SIGNALS = ("Segmentation fault", "Bus error", "Illegal instruction", "Floating point exception", "Aborted", "Killed")
"""What shells write of a child that a signal has ended."""


def _is_of_shell(line: str) -> bool:
    """Whether it is what a shell says of a command: `x.sh: line n: ...`, or of dash `x.sh: n: ...`."""
    script, colon, rest = line.partition(": ")
    number, colon, said = rest.partition(": ")
    is_script = script.startswith(("/", "./")) or script.endswith("sh") or number.startswith("line ")
    return bool(colon and said) and is_script and number.removeprefix("line ").isdecimal()


def _is_of_signal(line: str) -> bool:
    """Whether it is that a child was ended by a signal: alone, or after the script's name and the child's number."""
    if line.strip().removesuffix("(core dumped)").rstrip() in SIGNALS:
        return True
    after_numbers = (part.lstrip() for part in line.split(": ", 3)[1:])
    return any(part[:1].isdecimal() and part.lstrip(" 0123456789").startswith(SIGNALS) for part in after_numbers)


def _lines_after(said: Sequence[str], end: int) -> int:
    return sum(1 for line in said[end:] if line.strip())


def _of_traceback(stream: Stream, said: Sequence[str], found: found_in.Traceback) -> Telling:
    is_last = not _lines_after(said, found.end)
    around = _around(said, found.at)
    beside = (*said[max(found.begin - BEFORE, 0) : found.begin + 1], found.line, *said[found.end : found.end + AFTER])
    return Telling(found.line, around, stream, found.language, found.place, found.cause, is_last, beside)


def _of_line(stream: Stream, said: Sequence[str], at: int) -> Telling:
    return Telling(said[at].strip(), _around(said, at), stream, is_last=not _lines_after(said, at + 1))


def _around(said: Sequence[str], at: int) -> tuple[str, ...]:
    shown = said[max(at - BEFORE, 0) : at + AFTER + 1]
    return tuple(line[:LINE_CHARACTERS] for line in shown if line.strip())
