"""The logs of all runs are files beside report.json, and named where a reader looks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.checks import load_checks
from conformance.job.variation import Variation
from conformance.outcome.outcome import Log, Outcome
from conformance.reports import logs
from conformance.reports.document import Recorder
from conformance.reports.runs import run_record
from conformance.verdict.verdict import Verdict, Word
from tests.conftest import WORKERS, Ran, reference_job
from tests.support.outcomes import host, image, judged, not_started, outcome, request


def failed(stdout: str = "", stderr: str = "no rows\n", variation: Variation = Variation.AS_REQUESTED) -> Outcome:
    """The outcome of a run that failed and said so."""
    return outcome(host(exit_code=1, stdout=stdout, stderr=stderr), variation=variation)


def test_each_stream_that_holds_something_is_a_file() -> None:
    """Named by the job, the run and the host; an empty one is none."""
    run = outcome(host(stdout="1\n", stderr="2\n"), host(stdout="", stderr="3\n"), variation=Variation.OWN_RESERVED)

    assert {
        "logs/example.its-own-opt-ml/algo-1.stdout": "1\n",
        "logs/example.its-own-opt-ml/algo-1.stderr": "2\n",
        "logs/example.its-own-opt-ml/algo-2.stderr": "3\n",
    } == logs.of_run(run)


def test_the_report_names_each_file() -> None:
    """With an empty name where there is none."""
    (told,) = run_record(failed())["hosts"]

    assert ("", "logs/example.as-requested/algo-1.stderr") == (told["stdout"]["file"], told["stderr"]["file"])


def test_no_two_runs_of_a_job_have_the_same_files() -> None:
    """However much is alike in their names."""
    named = {name for variation in Variation for name in logs.of_run(failed(variation=variation))}

    assert len(Variation) == len(named)


@pytest.mark.parametrize("odd", ["../../etc", "/", "..", ".", "", "a b/c", "caf\u00e9\x1b[0m"])
def test_no_name_leads_out_of_the_folder(odd: str) -> None:
    """Whatever a job or a host is called."""
    ran = failed()
    named = replace(ran, request=request(ProcessingJobName=odd), hosts=(replace(ran.hosts[0], name=odd),))
    (path,) = logs.of_run(named)

    assert ("logs", 3) == (path.partition("/")[0], path.count("/") + 1)
    assert not {"", ".", ".."} & set(path.split("/"))
    assert path.isascii()
    assert path.isprintable()


def test_a_file_says_what_was_left_out() -> None:
    """Between its beginning and its end, and shows bytes that are not UTF-8."""
    ran = outcome(replace(host(exit_code=1, stderr=""), stdout=Log(b"begin\xff", b"end", 1_000)))

    assert {"logs/example.as-requested/algo-1.stdout": "begin\\xff\n[... 991 bytes left out ...]\nend"} == logs.of_run(
        ran
    )


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], ()),
        ([outcome(host(stdout=""))], ()),
        ([outcome(not_started("no"))], ()),
        ([failed()], ("logs/example.as-requested/algo-1.stderr",)),
        ([failed("lost\n", "")], ("logs/example.as-requested/algo-1.stdout",)),
        ([outcome(host(), host(exit_code=1, stderr="lost"))], ("logs/example.as-requested/algo-2.stderr",)),
        (
            [failed(variation=variation) for variation in list(Variation)[:4]],
            tuple(f"logs/example.{run}/algo-1.stderr" for run in ("empty-inputs", "default-command", "corrupt-inputs")),
        ),
        ([failed(), failed()], ("logs/example.as-requested/algo-1.stderr",)),
    ],
)
def test_a_verdict_names_what_tells_most_of_its_runs(outcomes: list[Outcome], expected: tuple[str, ...]) -> None:
    """The stream with the telling line, of a host that failed; of many runs those of the last ones."""
    assert expected == logs.of_verdict(outcomes)


def test_the_text_of_a_verdict_names_its_logs() -> None:
    """Before the command that reproduces it, which is the last line."""
    found = judged("exit.zero-on-success", image(), failed())
    lines = replace(found, logs=("conformance-report/logs/a.b/algo-1.stderr",)).text.splitlines()

    assert ["  log:       conformance-report/logs/a.b/algo-1.stderr", "  reproduce: docker run example:1"] == lines[-2:]


def test_files_of_an_earlier_session_are_removed_and_no_others(tmp_path: Path) -> None:
    """The directory may be one that holds other things of the user's, a folder of the same name among them."""
    logs.write(tmp_path, logs.of_run(failed()) | logs.of_run(failed(variation=Variation.EMPTY_INPUTS)))
    own = [tmp_path / "logs/app.log", tmp_path / "logs/nginx.d/x.stderr", tmp_path / "logs/a.as-requested/x.stdin"]
    for path in own:
        path.parent.mkdir(exist_ok=True)
        path.write_text("mine", encoding="utf-8")
    logs.remove(tmp_path)
    logs.write(tmp_path, logs.of_run(failed(stderr="a\r\nb\n")))

    left = {path for path in (tmp_path / "logs").rglob("*") if path.is_file()}
    assert {*own, tmp_path / "logs/example.as-requested/algo-1.stderr"} == left
    assert b"a\r\nb\n" == (tmp_path / "logs/example.as-requested/algo-1.stderr").read_bytes()
    assert not (tmp_path / "logs/example.empty-inputs").exists()


def test_without_a_log_there_is_no_folder(tmp_path: Path) -> None:
    """As in a session that runs nothing."""
    logs.write(tmp_path, {})

    assert [] == list(tmp_path.iterdir())


def test_a_log_is_sent_once_by_each_worker_and_kept_with_its_run() -> None:
    """A run is judged by many checks, and its record made once; two workers may have made it, of which one is told."""
    verdict = Verdict(load_checks()["exit.zero-on-success"], Word.CONFORMS)
    first, second, controller = Recorder(), Recorder(), Recorder()
    records = [
        worker.record(verdict, [failed(stderr=f"{number}\n")], seconds=0.0, failed=False)
        for number, worker in [(1, first), (1, first), (2, second)]
    ]
    for record in records:
        controller.take(record)

    name = "logs/example.as-requested/algo-1.stderr"
    assert [[{name: "1\n"}], [], [{name: "2\n"}]] == [record["logs_of_runs"] for record in records]
    assert [1, 0, 1] == [len(record["evidence"]) for record in records]
    assert {name: "1\n"} == controller.logs
    assert ["1\n"] == [run["hosts"][0]["stderr"]["end"] for run in controller.runs.values()]


@pytest.mark.engine
@pytest.mark.parametrize("workers", [(), WORKERS], ids=["one process", "two workers"])
def test_a_session_leaves_the_logs_of_its_runs(
    workers: tuple[str, ...], tag: Callable[[str], str], conformance: Callable[..., Ran], tmp_path: Path
) -> None:
    """Each file that the report names is there, and no other; the violation names its own as pytest's user sees it."""
    ran = conformance(tag("flawed/swallowed-exit-code"), *reference_job(), "-k", "exit", *workers)

    named = {
        told["file"]: told["bytes"]
        for run in ran.report["runs"]
        for each in run["hosts"]
        for told in (each["stdout"], each["stderr"])
        if told["file"]
    }
    written = {
        str(path.relative_to(ran.report_directory)): path.stat().st_size
        for path in (ran.report_directory / "logs").rglob("*.std*")
    }
    assert named == written
    assert "logs/reference.empty-inputs/algo-1.stderr" in written
    logs_of_violation = ran.verdict("exit.nonzero-on-failure")["logs"]
    assert "conformance-report/logs/reference.empty-inputs/algo-1.stderr" == logs_of_violation[-1]
    assert f"  log:       {logs_of_violation[-1]}\n" in ran.output
    assert (tmp_path / logs_of_violation[-1]).is_file()


def test_a_check_that_is_run_again_has_one_verdict() -> None:
    """The last: a plugin that repeats what fails makes no three violations of one."""
    check = load_checks()["exit.zero-on-success"]
    recorder = Recorder()
    for word, failed_now in [(Word.VIOLATES, True), (Word.VIOLATES, True), (Word.CONFORMS, False)]:
        recorder.take(recorder.record(Verdict(check, word), [failed()], seconds=0.0, failed=failed_now))

    assert [("conforms", False)] == [(record["verdict"], record["failed"]) for record in recorder.records.values()]
