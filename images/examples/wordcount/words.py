"""What a word is, how often each one occurs, and which host adds it up. Nothing here reads a file or a connection."""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
"""Letters of any script, and apostrophes between them."""


def words_of(line: str) -> list[str]:
    """The words of a line, in small letters. A letter with its accent is one letter, however it was written."""
    return WORD.findall(unicodedata.normalize("NFC", line).lower())


def count(lines: Iterable[str], ignored: Collection[str]) -> Counter[str]:
    """How often each word occurs, but for those that are ignored."""
    return Counter(word for line in lines for word in words_of(line) if word not in ignored)


def owner(word: str, hosts: Sequence[str]) -> str:
    """The host that adds up a word, the same whoever asks; `hash` differs from process to process."""
    return hosts[zlib.crc32(word.encode()) % len(hosts)]


def partition(counts: Counter[str], hosts: Sequence[str]) -> dict[str, Counter[str]]:
    """What each host is to add up; every word goes to one of them."""
    parts: dict[str, Counter[str]] = {host: Counter() for host in hosts}
    for word, number in counts.items():
        parts[owner(word, hosts)][word] = number
    return parts


def merge(parts: Iterable[dict[str, int]]) -> Counter[str]:
    """The sum of several counts."""
    merged: Counter[str] = Counter()
    for part in parts:
        merged.update(part)
    return merged


def most_common(counts: dict[str, int], number: int) -> dict[str, int]:
    """The words that occur most often, at most so many; of those that occur equally often, the first by name."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return dict(ranked[:number])
