"""Tracebacks in a log, known by their structure and never by a mere word: which line says what went wrong, and where.

Each finder looks at every line once, and from there at a bounded number of lines, so that a log takes as long as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

LOOK_BACK = 40
"""How many lines before the end of an error its beginning is looked for."""

LOOK_AHEAD = 8
"""How many lines after the beginning of an error what confirms it is looked for."""


NAMED = re.compile(r"\s([\w$]+\.)*([A-Z][\w$]*)?(Error|Exception)(:|$)")
"""An exception after other words."""


@dataclass(frozen=True, slots=True)
class Traceback:
    """The lines from `begin` to before `end`, of which that at `at` says what went wrong, in full in `line`.

    `place` is where, as far as the program's own code is named; `cause` is what an exception was raised because of.
    """

    language: str
    begin: int
    at: int
    end: int
    line: str
    place: str = ""
    cause: str = ""


PYTHON_HEADER = "Traceback (most recent call last):"
CHAINED = ("During handling of the above exception", "The above exception was the direct cause")
PYTHON_LIBRARIES = ("/site-packages/", "/dist-packages/", "/lib/python3", "/lib64/python3", '"<frozen ')


def of_python(lines: Sequence[str]) -> Iterator[Traceback]:
    """Frames between the header and an exception; those of a chain are one, told by the exception that came last."""
    before: Traceback | None = None
    at = 0
    while at < len(lines):
        margin, header, rest = lines[at].partition(PYTHON_HEADER)
        if not header or rest.strip():
            at += 1
            continue
        begin = at
        # Some loggers, and groups of exceptions, begin each line in their own way.
        margin = margin.removesuffix("Exception Group ").replace("+", "|")
        body = []
        at += 1
        while at < len(lines) and (line := lines[at].removeprefix(margin)).startswith("  "):
            body.append(line)
            at += 1
        frames = [_python_place(line) for line in body if line.lstrip().startswith('File "')]
        line = lines[at].removeprefix(margin).strip() if at < len(lines) else ""
        if not frames or not _is_exception(line):
            continue
        found = Traceback("Python", begin, at, at + 1, _joined(lines, at, line), _own_places(frames)[-1])
        if before is not None and _is_chained(lines[max(begin - 3, 0) : begin]):
            found = replace(found, begin=before.begin, cause=before.cause or before.line)
        elif before is not None:
            yield before
        before = found
    if before is not None:
        yield before


def of_python_itself(lines: Sequence[str]) -> Iterator[Traceback]:
    """What `faulthandler` writes of a signal that ends the interpreter; the frame that comes first is the last."""
    for at, line in enumerate(lines):
        if line.startswith("Fatal Python error: "):
            headers = range(at + 1, min(at + 1 + LOOK_AHEAD, len(lines)))
            header = next((below for below in headers if "(most recent call first)" in lines[below]), None)
            if header is not None:
                end = header + 1
                while end < len(lines) and lines[end].startswith('  File "'):
                    end += 1
                places = _own_places([_python_place(frame) for frame in lines[header + 1 : end]])
                yield Traceback("Python", at, at, end, line, next(iter(places), ""))


def of_r(lines: Sequence[str]) -> Iterator[Traceback]:
    """The error before `Execution halted`, which ends every failure of Rscript."""
    end = 0
    for at, line in enumerate(lines):
        if line.strip() != "Execution halted":
            continue
        for begin in range(at - 1, max(end, at - LOOK_BACK) - 1, -1):
            if lines[begin].startswith(("Error in ", "Error:", "Error ", "Fatal error:")):
                yield Traceback("R", begin, begin, at + 1, _joined(lines, begin, lines[begin], before=at))
                break
        end = at + 1


def of_stacks(lines: Sequence[str]) -> Iterator[Traceback]:
    """Java, Node and .NET: an exception, and lines that begin with `at`; of Java's chain the last cause is told."""
    before: Traceback | None = None
    at = end = 0
    while at < len(lines):
        if not _is_frame(lines[at]):
            at += 1
            continue
        head = _thrown_before(lines, at, after=end)
        first = at
        while at < len(lines) and (_is_frame(lines[at]) or _leaves_out(lines[at])):
            at += 1
        frames = [line for line in lines[first:at] if not _leaves_out(line)]
        end = at
        if head is None:
            continue
        line = lines[head].strip()
        language, own = _language(line, frames), _own_frame(frames)
        if language == "Node":
            versions = (at for at in range(end, min(end + LOOK_BACK, len(lines))) if _is_version_of_node(lines[at]))
            end = next(versions, end - 1) + 1
        found = Traceback(language, head, head, end, line, own or frames[0].strip())
        if before is not None and line.startswith("Caused by: "):
            found = replace(found, language=before.language, begin=before.begin, place=own or before.place)
        elif before is not None:
            yield before
        before = found
    if before is not None:
        yield before


def of_node(lines: Sequence[str]) -> Iterator[Traceback]:
    """What Node ends with where there is no stack: the rejection that nobody handled, before its own version."""
    end = 0
    for at, line in enumerate(lines):
        if not _is_version_of_node(line):
            continue
        above = range(at - 1, max(end, at - LOOK_BACK) - 1, -1)
        end = at + 1
        if any(_is_frame(lines[up]) for up in above):
            continue
        for up in above:
            if lines[up].startswith(("[", "Uncaught ")) or _is_thrown(lines[up]):
                yield Traceback("Node", up, up, end, lines[up].strip())
                break


def of_go(lines: Sequence[str]) -> Iterator[Traceback]:
    """A panic, or an error of the runtime, and the goroutines that it shows."""
    for at, line in enumerate(lines):
        if line.startswith(("panic: ", "fatal error: ")):
            rest = lines[at + 1 : at + 1 + LOOK_BACK]
            shown = [below for below, more in enumerate(rest) if more.startswith(("goroutine ", "\t/", "exit status "))]
            if shown and shown[0] < LOOK_AHEAD and rest[shown[0]].startswith("goroutine "):
                places = [place.strip().partition(" ")[0] for place in rest if place.startswith("\t/")]
                own = [place for place in places if not place.startswith("/usr/local/go/")] or places
                yield Traceback("Go", at, at, at + 2 + shown[-1], line, own[0] if own else "")


def of_rust(lines: Sequence[str]) -> Iterator[Traceback]:
    """A thread that panicked; since Rust 1.73 its message stands on the next line."""
    for at, line in enumerate(lines):
        _, panicked, where = line.partition(" panicked at ")
        if panicked and line.startswith("thread '"):
            place = where.rstrip(":") if where.endswith(":") else where.rpartition("', ")[2]
            end = min(at + 2, len(lines))
            while end < len(lines) and lines[end].startswith(("  ", "stack backtrace:", "note: ")):
                end += 1
            yield Traceback("Rust", at, at, end, _joined(lines, at, line), place)


def of_cpp(lines: Sequence[str]) -> Iterator[Traceback]:
    """An exception that nothing caught, which ends the program by SIGABRT; its `what()` stands on the next line."""
    for at, line in enumerate(lines):
        if line.startswith(("terminate called ", "libc++abi: terminating", "libc++abi.dylib: terminating")):
            what = lines[at + 1].strip() if at + 1 < len(lines) else ""
            more = f" {what}" if what.startswith("what():") else ""
            yield Traceback("C++", at, at, at + 1 + bool(more), line.strip() + more)


Finder = Callable[[Sequence[str]], Iterator[Traceback]]

FINDERS: tuple[Finder, ...] = (of_python, of_python_itself, of_r, of_stacks, of_node, of_go, of_rust, of_cpp)


def find(lines: Sequence[str]) -> list[Traceback]:
    """All tracebacks of a log, in the order in which they end."""
    return sorted((found for finder in FINDERS for found in finder(lines)), key=lambda found: (found.end, found.at))


def _python_place(frame: str) -> str:
    """File and line of a frame, without the function."""
    file, line, rest = frame.strip().rpartition('", line ')
    number = rest.partition(",")[0].partition(" ")[0]
    return f"{file}{line}{number}"


def _own_places(places: list[str]) -> list[str]:
    """Those that are in no library; all of them where none is."""
    return [place for place in places if not any(library in place for library in PYTHON_LIBRARIES)] or places


def _is_chained(above: Sequence[str]) -> bool:
    return any(phrase in line for phrase in CHAINED for line in above)


def _is_exception(line: str) -> bool:
    """Whether it begins with the name of an exception, which may be all of it."""
    name = line.partition(":")[0].replace("<locals>", "locals")
    return bool(name) and all(part.isidentifier() for part in name.split("."))


def _joined(lines: Sequence[str], at: int, line: str, *, before: int | None = None) -> str:
    """The line at a place, and the one that it announces by a colon at its end."""
    line = line.strip()
    if not line.endswith(":"):
        return line
    following = lines[at + 1 : min(at + 1 + LOOK_AHEAD, len(lines) if before is None else before)]
    return " ".join([line, *[more.strip().removeprefix("! ") for more in following if more.strip()][:1]])


def _is_frame(line: str) -> bool:
    """Whether it is a line of a stack: indented, with a function and its place, or with a place alone."""
    text = line.removesuffix(" {").strip()
    if line[:1] not in {" ", "\t"} or not text.startswith("at "):
        return False
    function, parenthesis, place = text[len("at ") :].partition("(")
    if not parenthesis:
        return ":" in text and all(number.isdecimal() for number in text.rsplit(":", 2)[1:])
    if "." in function and " " not in function:
        return True
    return place in {"<anonymous>)", "native)"} or place.removesuffix(")").rpartition(":")[2].isdecimal()


def _thrown_before(lines: Sequence[str], frame: int, *, after: int) -> int | None:
    """Where the exception stands whose stack begins with this frame; its message may have several lines."""
    for at in range(frame - 1, max(after, frame - LOOK_BACK) - 1, -1):
        if lines[at].startswith(("stack backtrace:", "thread '")):
            return None
        if _is_thrown(lines[at]):
            return at
    # Who logs an exception puts words before it, as `console.error("job failed:", error)` does.
    above = frame - 1
    return above if above >= after and NAMED.search(lines[above]) else None


def _is_version_of_node(line: str) -> bool:
    return line.startswith("Node.js v") and line.strip()[len("Node.js v") :].replace(".", "").isalnum()


def _leaves_out(line: str) -> bool:
    """Java's line for frames that it has shown already."""
    return line.strip().startswith("... ") and line.rstrip().endswith((" more", " common frames omitted"))


def _is_thrown(line: str) -> bool:
    """Whether it is the first line of what was thrown."""
    if line.startswith(("Caused by: ", "Exception in thread ", "Unhandled exception. ")):
        return True
    name = line.removeprefix("Uncaught ").partition(":")[0].partition(" [")[0]
    return _is_exception(name) and name.rpartition(".")[2][:1].isupper()


def _language(line: str, frames: Sequence[str]) -> str:
    if line.startswith("Unhandled exception. ") or any(":line " in frame for frame in frames[:LOOK_AHEAD]):
        return ".NET"
    of_java = (".java:", ".scala:", ".kt:", "(Native Method)", "(Unknown Source)")
    return "Java" if any(mark in frame for mark in of_java for frame in frames[:LOOK_AHEAD]) else "Node"


def _own_frame(frames: Sequence[str]) -> str:
    """The first frame that is none of the language itself; nothing where all are."""
    libraries = ("node:", "(internal/", "/node_modules/", "at java.", "at jdk.", "at sun.", "at scala.", "at System.")
    own = (frame for frame in frames if not any(library in frame for library in libraries))
    return next(own, "").strip().removesuffix(" {")
