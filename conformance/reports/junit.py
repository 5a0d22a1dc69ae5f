"""JUnit: pytest writes the file, with a check's chapter as class and the rest of its id as name.

What is added afterwards is what pytest cannot know or a strict reader would not take: which image was judged, as
properties of the suite, and never `file` or `line`, which pytest writes where a project asks it for another dialect.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from junitparser import JUnitXml

from conformance import text
from conformance.reports import directory


def finish(path: Path, place: Path, document: dict[str, Any]) -> tuple[Path, ...]:
    """Name the image in the JUnit file that pytest wrote, and see that a copy is in the report's directory, `place`.

    Returns the files that there are now; none if pytest wrote none.
    """
    # What stands behind a link such as /dev/stdout is written to, and is no file to be completed.
    if path.is_symlink() or not path.is_file():
        return ()
    properties = {
        "image.reference": document["image"]["reference"],
        "image.digest": document["image"]["digest"],
        "gpu": ", ".join(document["gpu"]["given"]) or "none",
        "contract": document["contract"],
        "profile": document["profile"],
        "tool": f"{document['tool']['name']} {document['tool']['version']}",
    }
    suites = JUnitXml.fromfile(str(path))
    for suite in suites:
        for name, value in properties.items():
            # What is no character of XML would make the whole file unreadable.
            suite.add_property(name, text.line(value))
        for case in suite:
            for attribute in ("file", "line"):
                case._elem.attrib.pop(attribute, None)  # noqa: SLF001 - junitparser has no way to drop an attribute
    files = tuple(dict.fromkeys((place / directory.JUNIT, path)))
    for file in files:
        with directory.whole(file) as beside:
            suites.write(str(beside))
    return files
