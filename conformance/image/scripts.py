"""The files in which a program of the image is written down: those that its command names, and those that they name."""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Callable, Iterator

from conformance.errors import ConformanceError
from conformance.files.tree import Kind, is_below
from conformance.image.image import Image

MOST_FILES = 4
LARGEST_BYTES = 1 << 20
"""How many files are read, and how large one may be: each is a call to the engine, and an interpreter is no script."""

NAMED = re.compile(rb"[\w./-]*\w\.\w+|/[\w./-]+\w")
"""What may be the path of a file in a script: it has an extension or begins with a slash."""

NO_SCRIPTS = ("/bin", "/dev", "/etc", "/lib", "/lib64", "/opt/ml", "/proc", "/sbin", "/sys", "/usr/bin", "/usr/lib")
"""Where a script finds its tools, and what it works with."""


def contents(image: Image, read_file: Callable[[str], bytes]) -> Iterator[bytes]:
    """The contents of these files, the command's own first."""
    program = image.executable(image.argv[0]).file if image.argv else None
    waiting = deque([*([program.path] if program else []), *map(image.absolute, image.path_words())])
    seen: set[str] = set()
    left = MOST_FILES
    while waiting and left:
        file = image.files.resolve(waiting.popleft()).file
        if file is None or file.kind is not Kind.FILE or file.size > LARGEST_BYTES or file.path in seen:
            continue
        seen.add(file.path)
        if any(is_below(file.path, place) for place in NO_SCRIPTS):
            continue
        left -= 1
        with contextlib.suppress(ConformanceError):
            content = read_file(file.path)
            yield content
            waiting += [image.absolute(named.decode("ascii", "replace")) for named in NAMED.findall(content)]
