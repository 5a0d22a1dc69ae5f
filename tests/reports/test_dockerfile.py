"""The line of a Dockerfile that a finding is about."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.checks import load_checks
from conformance.errors import UsageError
from conformance.reports import dockerfile
from conformance.reports.dockerfile import AT, Dockerfile

CONTENT = """\
# syntax=docker/dockerfile:1
FROM python:3.12 AS build
ENTRYPOINT ["never"]
FROM python:3.12-slim
ENV MODE=fast \\
    AWS_REGION=eu-west-1
ENV HF_TOKEN=x NVIDIA_VISIBLE_DEVICES=void
COPY model/ /opt/ml/model/
COPY run.py /
VOLUME ["/data"]
VOLUME ["/opt/ml"]
RUN <<EOF
USER nobody
ENTRYPOINT x
EOF
USER app
CMD ["--help"]
ENTRYPOINT ["python3", "/old.py"]
ENTRYPOINT ["python3", \\
  "/run.py"]
"""


def read(directory: Path, content: str = CONTENT) -> Dockerfile:
    """A Dockerfile of this content."""
    (directory / "Dockerfile").write_text(content, encoding="utf-8")
    return dockerfile.read(directory / "Dockerfile", "Dockerfile")


@pytest.mark.parametrize(
    ("check", "violation", "line"),
    [
        ("exit.nonzero-on-failure", "", 19),
        ("stop.ends-on-sigint", "", 19),
        ("image.entrypoint-exec-form", "", 19),
        ("image.user-resolvable", "", 16),
        ("outputs.writable-by-user", "", 16),
        ("image.volume-under-opt-ml", "", 11),
        ("reserved.image-is-empty", "", 8),
        ("environment.no-fixed-region", "Expected no region in ENV, but it sets AWS_REGION=eu-west-1.", 5),
        ("environment.no-secrets", "Expected no secrets in ENV, but it sets HF_TOKEN to a value of 9 characters.", 7),
        ("gpu.visible-devices-not-void", "", 7),
        ("image.platform", "", 4),
    ],
)
def test_a_finding_is_at_its_instruction(check: str, violation: str, line: int, tmp_path: Path) -> None:
    """Of the last stage, the last one that is meant; the lines of a here-document are none."""
    assert line == read(tmp_path).place(check, [violation]).line


def test_an_instruction_of_several_lines_has_all_of_them(tmp_path: Path) -> None:
    """From the first to the last."""
    place = read(tmp_path).place("exit.zero-on-success")

    assert (19, 20) == (place.line, place.end)


def test_without_an_instruction_it_is_the_last_from(tmp_path: Path) -> None:
    """As where a base image brings what is wrong."""
    given = read(tmp_path, "FROM a\nUSER x\nFROM b\nRUN true\n")

    assert {3} == {given.place(check.id).line for check in load_checks()} - {4}
    assert 3 == given.place("image.user-resolvable").line


def test_cmd_is_meant_where_there_is_no_entrypoint(tmp_path: Path) -> None:
    """It is the command then."""
    assert 2 == read(tmp_path, 'FROM a\nCMD ["x"]\n').place("exit.zero-on-success").line


def test_every_check_has_its_place() -> None:
    """By itself or by its chapter, and the table names no other."""
    checks = load_checks()

    assert [] == [check.id for check in checks if check.id not in AT and check.chapter not in AT]
    assert set() == set(AT) - {check.id for check in checks} - {check.chapter for check in checks}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"RUN true\n", "x/Dockerfile: expected a Dockerfile, but it has no FROM"),
        (b"", "x/Dockerfile: expected a Dockerfile, but it has no FROM"),
        (b"FROM \xff\n", "x/Dockerfile: expected a Dockerfile, but it is not UTF-8"),
        (b"#" * ((1 << 20) + 1), "x/Dockerfile: expected a Dockerfile of at most 1 MiB"),
    ],
)
def test_what_is_no_dockerfile_is_a_usage_error(content: bytes, said: str, tmp_path: Path) -> None:
    """Of one line."""
    (tmp_path / "Dockerfile").write_bytes(content)

    with pytest.raises(UsageError) as caught:
        dockerfile.read(tmp_path / "Dockerfile", "x/Dockerfile")

    assert said == str(caught.value)


def test_a_file_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    """As is a directory."""
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UsageError, match=r"^x: expected a Dockerfile, but it cannot be read: "):
            dockerfile.read(path, "x")
