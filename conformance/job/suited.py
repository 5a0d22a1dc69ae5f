"""The suite's own request with the LocalPaths that an image's program names: most have theirs written down in them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from conformance.files.tree import is_below
from conformance.job.request import PROCESSING, JobRequest
from conformance.job.samples import named
from conformance.job.standin import DATA, input_at, output_at

NAMED = re.compile(rb"(?<![\w/])" + PROCESSING.encode() + rb"((?:/+[\w.-]+)+)")
"""A path below /opt/ml/processing as it stands in a script or a program."""

READ = re.compile(r"in($|put)|code|config|data|sources?|src", re.IGNORECASE)
"""How the first directory of what a program reads is called; it writes to all others."""

MOST = 10
"""How many inputs, and how many outputs, the API takes."""


def suited(request: JobRequest, contents: Iterable[bytes]) -> JobRequest:
    """The request with the inputs and outputs that these files of an image name; of what they lack it keeps its own."""
    asked = list(dict.fromkeys(each for content in contents for each in _named(content)))
    places = list(dict.fromkeys(place for place, _ in asked))
    read = _outermost([place for place in places if READ.match(_first(place))])
    written = _outermost([place for place in places if not READ.match(_first(place))])
    document = dict(request.document)
    if read:
        document["ProcessingInputs"] = [
            input_at(f"in-{at}", place, _uri([file for where, file in asked if file and where == place]))
            for at, place in enumerate(read)
        ]
    if written:
        document["ProcessingOutputConfig"] = {
            "Outputs": [output_at(f"out-{at}", place) for at, place in enumerate(written)]
        }
    return replace(request, document=document)


def _named(content: bytes) -> Iterator[tuple[str, str]]:
    """The directories that it names, each with a file in it or none: a last word with an extension is one."""
    for found in NAMED.finditer(content):
        path = posixpath.normpath(PROCESSING + found[1].decode("ascii", "replace"))
        place, file = posixpath.split(path) if posixpath.splitext(path)[1] else (path, "")
        if is_below(place, PROCESSING) and place != PROCESSING:
            yield place, file


def _uri(files: list[str]) -> str:
    return named(files) if files else DATA


def _first(place: str) -> str:
    return place.removeprefix(PROCESSING).split("/")[1]


def _outermost(places: list[str]) -> list[str]:
    """Those that are not in one of the others, as many as a request may have."""
    return [place for place in places if not any(is_below(place, other) for other in places if other != place)][:MOST]
