"""Whatever bytes a container logs: report.json has them, and they steer neither a terminal nor a reader of XML."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from junitparser import JUnitXml

from tests.conftest import Ran
from tests.reports.test_document import validated
from tests.support.jobs import request

pytestmark = pytest.mark.engine

CODE = "/opt/ml/processing/input/code"
OUTPUT = "/opt/ml/processing/output/summary"

HOSTILE = (
    b"no text \xff\xfe\xc3( and no letter \xed\xa0\x80, ends a string \0, colours \x1b[31m\x9b31m\xc2\x9b0m, "
    b"rings \x07, goes back \x08\x7f, turns around \xe2\x80\xae, closes ]]> <b> &amp; --> \xef\xbf\xbf"
)
"""A line of what formats and terminals trip over; no byte of it ends a line."""

SHOWN = HOSTILE.decode("utf-8", "backslashreplace")

NAME = HOSTILE.replace(b"\0", b"")
"""The same as the name of a file."""

LONG = 1 << 20
"""Bytes of a line that no reader expects."""


def job_of(here: Path, code: str, *, seconds: int = 60) -> tuple[str, str]:
    """The options that run this program in the image, brought as an input."""
    (here / "s3/bucket/code").mkdir(parents=True)
    (here / "s3/bucket/code/main.py").write_text(code, encoding="utf-8")
    s3_input = {"S3Uri": "s3://bucket/code", "LocalPath": CODE, "S3DataType": "S3Prefix"}
    job = request(
        here / "job.json",
        AppSpecification={"ImageUri": "image", "ContainerEntrypoint": ["python3", f"{CODE}/main.py"]},
        ProcessingInputs=[{"InputName": "code", "S3Input": s3_input}],
        StoppingCondition={"MaxRuntimeInSeconds": seconds},
    )
    return f"--image-job={job}", f"--image-s3={here / 's3'}"


def test_hostile_bytes_reach_the_reports_and_nothing_else(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """report.json has them all, the quotation in junit.xml and in the terminal only what can be shown there."""
    lines = b"over\rwritten\n" + HOSTILE + b"\n"
    code = f"import os, sys\nsys.stdout.buffer.write(b'x' * {LONG} + b'\\n')\nsys.stdout.flush()\n"
    code += f"for stream in (1, 2): os.write(stream, {lines!r})\n"
    code += f"os.mkfifo(b'{OUTPUT}/' + {NAME!r})\nos._exit(3)\n"

    ran = conformance(tag("reference"), *job_of(tmp_path, code), "-k", "exit or regular-files-only")

    report = validated(ran)
    (host,) = next(run["hosts"] for run in report["runs"] if run["variation"] == "as requested")
    assert f"over\rwritten\n{SHOWN}\n" == host["stderr"]["end"]
    assert host["stdout"]["end"].endswith(host["stderr"]["end"])
    # Docker 20.10 loses the end of a line of 16 KiB and more.
    assert LONG + 1 + len(lines) - host["stdout"]["bytes"] in {0, 1}
    (violation,) = ran.verdict("exit.zero-on-success")["violations"]
    assert "ends a string \\x00, colours \\x1b[31m\\\\x9b31m\\x9b0m, rings" in violation
    (left,) = ran.verdict("outputs.regular-files-only")["violations"]
    assert "colours \\x1b[31m\\x9b31m\\x9b0m, rings \\x07, goes back \\x08\\x7f, turns around \\u202e" in left
    assert f"{OUTPUT}/{NAME.decode('utf-8', 'backslashreplace')}" in [file["path"] for file in host["files"]]
    (suite,) = JUnitXml.fromfile(str(ran.report_directory / "junit.xml"))
    (failure,) = next(case.result for case in suite if case.name == "zero-on-success")
    assert "closes ]]> <b> &amp;" in " ".join(failure.text.split())
    assert [] == [letter for letter in ran.output if not letter.isprintable() and letter != "\n"]


def test_what_was_flushed_before_a_kill_reaches_the_report(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """To the last byte before SIGKILL, also where no line ended; what stood in a buffer does not."""
    code = "import os, signal, sys, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    code += "os.write(1, b'begun\\n'); os.write(2, b'half a line'); sys.stdout = open(1, 'w', closefd=False)\n"
    code += "print('buffered'); time.sleep(600)\n"

    ran = conformance(tag("reference"), *job_of(tmp_path, code, seconds=2), "--image-grace=1", "-k", "zero-on-success")

    (run,) = validated(ran)["runs"]
    (host,) = run["hosts"]
    assert (137, True) == (host["exit_code"], host["stop"]["killed"])
    assert ["begun\n", "half a line"] == [host["stdout"]["end"], host["stderr"]["end"]]


def test_what_stands_in_the_middle_of_a_long_message_or_log_is_judged(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Though only the ends of them are kept; the job fails for a message that is not UTF-8 as on AWS."""
    code = "import os\nfor _ in range(8_000): print('x' * 99)\nprint(dict(os.environ))\n"
    code += "for _ in range(8_000): print('y' * 99)\n"
    code += "with open('/opt/ml/output/message', 'wb') as file: file.write(b'a' * 70_000 + b'\\xff' + b'b' * 70_000)\n"

    ran = conformance(tag("reference"), *job_of(tmp_path, code), "-k", "message.utf8 or logs.no-secrets")

    (run,) = [run for run in validated(ran)["runs"] if run["variation"] == "as requested"]
    reason = "ClientError: /opt/ml/output/message of algo-1 is not UTF-8: invalid start byte at byte 70000"
    assert ("Failed", reason) == (run["status"], run["failure_reason"])
    assert "violates" == ran.verdict("message.utf8")["verdict"]
    assert "advised" == ran.verdict("logs.no-secrets")["verdict"]


def test_a_log_that_the_engine_does_not_keep_whole_is_not_judged(
    tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """What it dropped may have been anything."""
    code = "import os\nprint(dict(os.environ))\nfor _ in range(1_200): print('x' * 16_000)\n"

    ran = conformance(tag("reference"), *job_of(tmp_path, code), "-k", "logs.no-secrets")

    verdict = ran.verdict("logs.no-secrets")
    assert "not judged" == verdict["verdict"]
    assert "the log of algo-1 is so long that the engine may have dropped its start" == verdict["reason"]
