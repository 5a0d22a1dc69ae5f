"""Count words into files that are called alike everywhere."""

import sys
from pathlib import Path

import wordcount

host = wordcount.Job().host
write = wordcount.write


def write_nameless(path: Path, text: str) -> None:
    """Write a file under a name without the host's."""
    write(path.with_name(path.name.replace(f"-{host}", "")), text)


wordcount.write = write_nameless
sys.exit(wordcount.main())
