"""JUnit: pytest writes the file, with a check's chapter as class and the rest of its id as name.

What is added afterwards is what pytest cannot know or a strict reader would not take: which image was judged, as
properties of the suite, and never `file` or `line`, which pytest writes where a project asks it for another dialect.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from junitparser import JUnitXml

from conformance import text

FILE_NAME = "junit.xml"


def finish(path: Path, directory: Path, document: dict[str, Any]) -> None:
    """Name the image in the JUnit file that pytest wrote, and see that a copy is in the report's directory."""
    if not path.is_file():
        return
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
    suites.write(str(path))
    if path.resolve() != (directory / FILE_NAME).resolve():
        shutil.copyfile(path, directory / FILE_NAME)
