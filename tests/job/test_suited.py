"""Which LocalPaths the suite's own request takes over from the files of an image."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.job.model import model_faults
from conformance.job.objects import S3Uri, relative_path
from conformance.job.request import ProcessingInput
from conformance.job.standin import OBJECTS, tried_request
from conformance.job.suited import MOST, suited
from conformance.job.validation import service_faults

OWN = tried_request("example:1")
PLACE = b"/opt/ml/processing"


def paths(*contents: bytes) -> tuple[list[str], list[str]]:
    """Below /opt/ml/processing, those of the inputs and of the outputs."""
    asked = suited(OWN, contents)
    document = dict(asked.document)

    assert [] == [*model_faults(document), *service_faults(document)]
    assert asked.is_own
    assert asked.is_tried
    read, written = [item.local_path for item in asked.inputs], [item.local_path for item in asked.outputs]
    return _below(read), _below(written)


def _below(places: list[str]) -> list[str]:
    return [place.removeprefix(PLACE.decode()) for place in places]


@pytest.mark.parametrize(
    ("content", "read", "written"),
    [
        (b"open('%s/input/raw/a.csv')" % PLACE, ["/input/raw"], None),
        (b"IN=%s/input/\nOUT=%s/train/" % (PLACE, PLACE), ["/input"], ["/train"]),
        (b"%s/input/a %s/input/b" % (PLACE, PLACE), ["/input/a", "/input/b"], None),
        # What lies in another one comes with it, and may be a directory of the program's own.
        (b"%s/output/a %s/output %s/output-b" % (PLACE, PLACE, PLACE), None, ["/output", "/output-b"]),
        (b"%s/in/x %s/Input-2 %s/code/lib %s/data" % ((PLACE,) * 4), ["/in/x", "/Input-2", "/code/lib", "/data"], None),
        (b"%s/interim %s/model" % (PLACE, PLACE), None, ["/interim", "/model"]),
        (b"f'%s/output/{name}.csv'" % PLACE, None, ["/output"]),
        (b"\0\x7fELF\xff%s/output/x\0%s/input/y\0" % (PLACE, PLACE), ["/input/y"], ["/output/x"]),
        (b"%s %s/ %s/a.csv /mnt%s/input %s-2/x" % ((PLACE,) * 5), None, None),
        (b"%s/output/../../../etc" % PLACE, None, None),
        (b"", None, None),
    ],
)
def test_a_program_gets_the_directories_that_it_names(
    content: bytes, read: list[str] | None, written: list[str] | None
) -> None:
    """What it does not name stays as it was."""
    own = paths()

    assert (read or own[0], written or own[1]) == paths(content)


def test_what_several_files_name_comes_together() -> None:
    """Once each, and no more than the API takes."""
    many = b" ".join(b"%s/out-%d" % (PLACE, number) for number in range(2 * MOST))

    assert (["/input/a"], ["/a"]) == paths(b"%s/a" % PLACE, b"%s/input/a %s/a/b" % (PLACE, PLACE))
    assert MOST == len(paths(many)[1])


def test_an_input_has_the_files_that_a_program_asks_for() -> None:
    """Under their names, each a sample of its format; a directory that is named without any has a table."""
    asked = suited(OWN, [b"%s/input/a/x.json %s/input/a/y.CSV %s/input/a/z.parquet %s/input/b" % ((PLACE,) * 4)])
    found = [[(key.rpartition("/")[2], path.name) for key, path in _objects(item)] for item in asked.inputs]

    assert [[("x.json", "sample.json"), ("y.CSV", "sample.csv")], [("data.csv", "data.csv")]] == found
    assert ["x.json", "y.CSV"] == [
        relative_path(S3Uri.parse(asked.inputs[0].s3_uri).key, key) for key, _ in _objects(asked.inputs[0])
    ]


def _objects(item: ProcessingInput) -> list[tuple[str, Path]]:
    return list(OBJECTS.find(S3Uri.parse(item.s3_uri)))
