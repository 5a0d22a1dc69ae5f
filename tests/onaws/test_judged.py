"""What AWS shows of a run gives no other verdict than all of it: the same, or none.

The outcomes are those of all tests of checks, each as AWS would show it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import pytest

from conformance.checks import load_checks
from conformance.errors import JobError
from conformance.files.tree import Kind
from conformance.image.image import Image
from conformance.outcome.outcome import MESSAGE_PATH, Outcome
from conformance.rule import outside
from conformance.rule.declaration import MUST, Check, OnAws
from conformance.rule.programs import programs, programs_of
from conformance.rule.sight import Sight
from conformance.verdict.verdict import Word
from tests.support.judgements import Judgement, of_tests
from tests.support.outcomes import file, host, image, judged, outcome
from tests.support.rare_outcomes import RARE
from tests.support.seen_on_aws import as_aws_shows

CHECKS = tuple(check for check in load_checks() if check.sees)
SECRETS = "message.no-secrets"
JUDGED = tuple(check for check in CHECKS if check.on_aws is not OnAws.NO)


@pytest.fixture(name="judgements", scope="module")
def _judgements(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Sequence[Judgement]]:
    """All that the tests of checks judge, by check."""
    by_check: dict[str, list[Judgement]] = defaultdict(list)
    for judgement in (*of_tests(tmp_path_factory.mktemp("judgements")), *RARE):
        by_check[judgement.check_id].append(judgement)
    return by_check


def differs(run: Outcome) -> bool:
    """Whether AWS would have run it otherwise, or uploads less than what a host wrote: another check tells of that.

    On AWS nothing is lifted, GPUs are real, and inputs that hold programs are known by their names.
    """
    written = [file for host in run.hosts for output in run.request.outputs for file in run.written(host, output)]
    left_out = any(file.kind is not Kind.FILE for file in written) or (
        bool(written) and any(not found for found in run.uploads_by_output.values())
    )
    by_trace = programs(run) != programs_of(run.request)
    return bool(run.conditions.lifted) or run.gpus.wanted or left_out or by_trace


def shown(image: Image, runs: Sequence[Outcome]) -> list[Outcome] | None:
    """The runs as AWS shows them; None where it could not have run one of them."""
    try:
        return [as_aws_shows(image, run) for run in runs]
    except JobError:
        return None


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_aws_gives_the_same_verdict_or_none(check: Check, judgements: Mapping[str, Sequence[Judgement]]) -> None:
    """Whatever a run shows to a Docker Engine: no finding that is not there, and nothing conforms unseen."""
    others = []
    for judgement in judgements[check.id]:
        seen = shown(judgement.image, judgement.seen)
        if seen is None or any(map(differs, judgement.seen)):
            continue
        there, here = judgement.showing(seen).verdict(check), judgement.verdict(check)
        if there.word not in {here.word, Word.NOT_JUDGED}:
            others.append((here.word, here.violations or here.reason, there.word, there.violations or there.reason))

    assert [] == others


@pytest.mark.parametrize("check", [each for each in JUDGED if each.id != SECRETS], ids=lambda check: check.id)
def test_what_is_judged_there_is_judged_by_some_run(
    check: Check, judgements: Mapping[str, Sequence[Judgement]]
) -> None:
    """A column that says more than 'no' is not empty: there are runs of which AWS shows enough."""
    runs = [(each, shown(each.image, each.seen)) for each in judgements[check.id]]
    words = {each.showing(seen).verdict(check).word for each, seen in runs if seen is not None}

    assert words & {Word.CONFORMS, Word.ADVISED, Word.VIOLATES}


def test_credentials_in_a_message_violate() -> None:
    """By the form in which AWS has them; where there are none of that form, whether there are others is left open."""
    leaking = b"{'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI': '/v2/credentials/6f0f4f64-7a3f-4f5e-9d2b-1c9f5a1d1c11'}"
    runs = {
        message: as_aws_shows(image(), outcome(host(file(MESSAGE_PATH, size=len(message)), message=message)))
        for message in (leaking, b"done")
    }

    assert Word.VIOLATES is judged(SECRETS, None, runs[leaking]).word
    assert Word.NOT_JUDGED is judged(SECRETS, None, runs[b"done"]).word


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
def test_check_that_aws_never_shows_says_why(check: Check) -> None:
    """Before its judge is called, whatever the run; of all others nothing is said."""
    assert bool(outside.never(check)) is (check.on_aws is OnAws.NO)


def test_no_must_rests_on_processes_that_are_not_shown() -> None:
    """Advice of a MUST that processes might turn into more is left to a Docker Engine."""
    resting = {check.id for check in JUDGED if check.level is MUST and Sight.PROCESSES in check.sees}

    assert {"exit.zero-on-success", "exit.nonzero-on-failure", "exit.nonzero-on-corrupt-input"} == resting


def test_run_of_an_engine_is_judged_as_ever() -> None:
    """The gate is for AWS alone."""
    assert Word.CONFORMS is judged("outputs.no-symlinks", None, outcome()).word


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("ValueError: no such column", Word.VIOLATES),
        ("botocore.exceptions.ClientError: An error occurred (AccessDenied) when calling PutObject", Word.NOT_JUDGED),
        ("HTTP Error 403: Forbidden", Word.NOT_JUDGED),
        ("urllib.error.URLError: <urlopen error timed out>", Word.NOT_JUDGED),
        ("MemoryError", Word.NOT_JUDGED),
    ],
)
def test_failure_that_may_lie_with_the_account_is_left_open(said: str, word: Word) -> None:
    """Its role, network, quotas or instance type, as the log has it; any other failure is the job's."""
    run = as_aws_shows(image(), outcome(host(exit_code=1, stdout=said)))
    verdict = judged("exit.zero-on-success", None, run)

    assert word is verdict.word, verdict.text
    assert (word is Word.NOT_JUDGED) is ("the account" in verdict.reason)


def test_user_is_not_cleared_by_a_job_that_failed() -> None:
    """What a program that becomes another user may not write is no file that AWS shows, and its log may not say so."""
    run = as_aws_shows(image(user="root"), outcome(host(exit_code=1, stdout="PermissionError: /opt/ml/processing/x")))

    assert Word.NOT_JUDGED is judged("outputs.writable-by-user", image(user="root"), run).word
