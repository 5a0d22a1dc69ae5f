"""What a word is, how often each one occurs, and which host adds it up: nothing of files and connections."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")  # letters of any script, with apostrophes between them


def words_of(line: str) -> list[str]:
    """The words of a line, in small letters. A letter with an accent is one letter, however it was written."""
    return WORD.findall(unicodedata.normalize("NFC", line).lower())


def count(lines: Iterable[str], ignored: Collection[str] = ()) -> Counter[str]:
    """How often each word occurs, but for those that are ignored."""
    return Counter(word for line in lines for word in words_of(line) if word not in ignored)


def partition(counts: Mapping[str, int], hosts: Sequence[str]) -> dict[str, dict[str, int]]:
    """What each host adds up. Every host gives a word to the same one, as with `hash` it would not."""
    parts: dict[str, dict[str, int]] = {host: {} for host in hosts}
    for word, number in counts.items():
        parts[hosts[zlib.crc32(word.encode()) % len(hosts)]][word] = number
    return parts


def merge(parts: Iterable[Mapping[str, int]]) -> Counter[str]:
    """The sum of several counts."""
    merged: Counter[str] = Counter()
    for part in parts:
        merged.update(part)
    return merged


def most_common(counts: Mapping[str, int], number: int) -> dict[str, int]:
    """The words that occur most often, so many at most; of those that occur equally often, the first by name."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:number])
