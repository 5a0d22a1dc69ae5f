"""The dynamic linker looks where a variable and the files of ldconfig say."""

import pytest

from conformance.image.library_path import Place, is_configuration, library_path
from tests.support.outcomes import image

CONF = "/etc/ld.so.conf"


def searched(variable: str = "", **documents: str) -> list[tuple[str, str]]:
    """The directories and what names them; documents by the last part of their names, `main` for the first of them."""
    paths = {name: CONF if name == "main" else f"{CONF}.d/{name}.conf" for name in documents}
    read = {paths[name]: text.encode() for name, text in documents.items()}
    places = library_path(image(environment={"LD_LIBRARY_PATH": variable}, documents=read))
    return [(place.directory, place.named_by) for place in places]


def test_the_variable_comes_first() -> None:
    """It may have either separator; what is empty or relative means the current directory, which nobody knows."""
    assert [
        ("/a", "LD_LIBRARY_PATH"),
        ("/b", "LD_LIBRARY_PATH"),
        ("/c", "LD_LIBRARY_PATH"),
        ("/d", CONF),
    ] == searched("/a::lib:/b;/c", main="/d\n")


def test_included_files_come_in_the_order_of_their_names() -> None:
    """Where the line that includes them stands; a pattern is relative to the file, and no other file is read."""
    found = searched(main="/first\ninclude ld.so.conf.d/*.conf\n/last\n", b="/b\n", a="/a\n")

    assert ["/first", "/a", "/b", "/last"] == [directory for directory, _ in found]
    assert [] == searched(a="/a\n")


def test_a_file_is_read_once() -> None:
    """Also where it includes itself."""
    text = "include /etc/ld.so.conf.d/*.conf\n/here\n"

    assert ["/a", "/here"] == [directory for directory, _ in searched(main=text, a="include /etc/ld.so.conf\n/a\n")]


def test_other_documents_are_not_included() -> None:
    """Whatever pattern somebody writes: they are kept for other rules."""
    documents = {CONF: b"include /etc/*\n/a\n", "/etc/passwd": b"root:x:0:0::/root:/bin/sh\n"}

    assert (Place("/a", CONF),) == library_path(image(documents=documents))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("/a # the first", ["/a"]),
        ("# /a", []),
        ("/a:/b,/c /d\t/e", ["/a", "/b", "/c", "/d", "/e"]),
        ("/usr/lib=libc6", ["/usr/lib"]),
        ("hwcap 1 nosegneg", []),
        ("include", []),
        ("relative/path", []),
        ("", []),
    ],
)
def test_a_line_is_read_as_ldconfig_does(line: str, expected: list[str]) -> None:
    """With comments, several separators, and an old form."""
    assert expected == [directory for directory, _ in searched(main=line)]


def test_an_image_without_any_has_no_places() -> None:
    """The directories that are searched in any case are nobody's."""
    assert () == library_path(image())
    assert (Place("/a", "LD_LIBRARY_PATH"),) == library_path(image(environment={"LD_LIBRARY_PATH": "/a"}))


def test_bytes_that_are_no_text_do_no_harm() -> None:
    """A path in another encoding is of no interest here."""
    assert 2 == len(library_path(image(documents={CONF: b"/\xff\n/a\n"})))


def test_the_configuration_is_known_by_its_place() -> None:
    """Those files are kept when an image is read."""
    assert [True, True, False] == [is_configuration(path) for path in (CONF, f"{CONF}.d/a.conf", "/etc/ld.so.cache")]
