"""A verdict is told in words that need no reading of the suite's code; `tests/golden` has them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.job.variation import AS_REQUESTED, DEFAULT_COMMAND, EMPTY_INPUTS, Variation
from conformance.outcome.outcome import Outcome
from conformance.rule.declaration import MUST, SHOULD, Advice, Check, DoesNotApply, Judge, NotJudged, Registry
from conformance.verdict.verdict import Verdict, Waived, Word, error, judge, not_judged
from conformance.verdict.waiver import Waiver
from tests.support.declared import declare, finding
from tests.support.outcomes import file, host, image, judged, link, outcome, request

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
SHELL_FORM = image(entrypoint=["/bin/sh", "-c", "python3 /processing.py"])
LEFT = host(link("/opt/ml/processing/output/result/latest", "part-1"), link("/opt/ml/processing/output/result/x", "/y"))

TOLD = {
    "conforms": judged("image.platform"),
    "violates": judged("image.entrypoint-exec-form", SHELL_FORM),
    "violates-twice": judged("outputs.no-symlinks", image(), outcome(LEFT)),
    "advised": judged("reserved.image-is-empty", image(file("/opt/ml/model/README.md"))),
    "not-judged": judged("exit.zero-on-success", image(), outcome(host(exit_code=137))),
    "waived": replace(
        judged("reserved.image-is-empty", image(file("/opt/ml/model/README.md"))),
        word=Word.WAIVED,
        waived=Waived(
            Word.ADVISED,
            (
                Waiver(
                    check="reserved.image-is-empty",
                    image="team/*",
                    reason="TICKET-7: the base image has it, and is rebuilt in January",
                    owner="team@example.com",
                    expires=date(2027, 1, 31),
                    source="conformance-waivers.toml",
                    line=12,
                ),
            ),
        ),
    ),
    "error": error(
        judged("image.platform").check,
        'the check itself failed:\nTraceback (most recent call last):\n  File "x", line 1\n',
    ),
}
TOLD["not-judged"] = not_judged(TOLD["not-judged"].check, NotJudged("needs a job: pass --image-job=FILE"))


@pytest.mark.parametrize("name", TOLD)
def test_the_text_of_a_verdict(name: str) -> None:
    """As it stands in the golden file."""
    expected = (GOLDEN / f"{name}.txt").read_text(encoding="utf-8")

    assert expected == TOLD[name].text + "\n"


def test_every_word_has_a_golden_text() -> None:
    """None is told that nobody has read."""
    assert set(Word) == {verdict.word for verdict in TOLD.values()}


def verdict_of(judging: Judge, level: str = MUST, **changes: object) -> Verdict:
    """The verdict of a check that is declared by hand."""
    registry = Registry()
    return judge(
        declare(judging, registry, level=level, **changes), image(), registry=registry, reproduce="docker run x"
    )


@pytest.mark.parametrize(
    ("level", "found", "expected"),
    [
        (MUST, (), Word.CONFORMS),
        (SHOULD, (), Word.CONFORMS),
        (MUST, ("a",), Word.VIOLATES),
        (SHOULD, ("a",), Word.ADVISED),
        (MUST, (Advice("a"),), Word.ADVISED),
        (MUST, (Advice("a"), "b"), Word.VIOLATES),
    ],
)
def test_the_word_follows_from_level_and_findings(level: str, found: tuple[str, ...], expected: Word) -> None:
    """Advice is never binding, and one finding that is makes a violation."""
    verdict = verdict_of(finding(*found), level)

    assert (expected, found) == (verdict.word, verdict.violations)


@pytest.mark.parametrize(
    ("raised", "applies"), [(NotJudged("r", see="x.y"), True), (DoesNotApply("r", see="x.y"), False)]
)
def test_a_judge_may_decline(raised: NotJudged, applies: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """What it found until then does not count."""

    def judging(image: object) -> object:
        yield str(image)
        raise raised

    verdict = verdict_of(judging)  # type: ignore[arg-type] # a generator of text

    assert (Word.NOT_JUDGED, "r; see x.y", applies, ()) == (
        verdict.word,
        verdict.reason,
        verdict.applies,
        verdict.violations,
    )


def test_what_steers_a_terminal_is_escaped() -> None:
    """A file's name may hold anything."""
    verdict = verdict_of(finding("left \x1b[2J\x07 and\n more \u202e é京"))

    assert ("left \\x1b[2J\\x07 and\\n more \\u202e é京",) == verdict.violations


def test_a_reason_steers_no_terminal_either() -> None:
    """It may name a program, which calls itself as it likes."""

    def declining(image: object) -> object:
        raise NotJudged(f"{image} runs \x1b[2J")
        yield

    verdict = verdict_of(declining)  # type: ignore[arg-type] # a generator of nothing

    assert verdict.reason.endswith("runs \\x1b[2J")


@pytest.mark.parametrize(
    ("cause_level", "cause_finds", "explained"),
    [
        (MUST, ("a",), True),
        (MUST, (), False),
        (MUST, (Advice("a"),), False),
        (SHOULD, ("a",), False),
    ],
)
def test_only_a_violation_explains(cause_level: str, cause_finds: tuple[str, ...], explained: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """What is only advised against cannot be why something else is broken."""
    registry = Registry()
    declare(finding(*cause_finds), registry, check_id="image.cause", level=cause_level)
    check = declare(finding("b"), registry, explained_by=("image.cause",))
    verdict = judge(check, image(), registry=registry)

    assert (Word.NOT_JUDGED if explained else Word.VIOLATES) == verdict.word
    assert verdict.reason.endswith("; see image.cause" if explained else "")


@pytest.mark.parametrize("cause_level", [MUST, SHOULD])
def test_advice_is_explained_by_advice(cause_level: str) -> None:
    """One flaw is told once, whether it breaks a MUST or not."""
    registry = Registry()
    declare(finding(Advice("a")), registry, check_id="image.cause", level=cause_level)
    check = declare(finding("b"), registry, level=SHOULD, explained_by=("image.cause",))
    verdict = judge(check, image(), registry=registry)

    assert (Word.NOT_JUDGED, "image.cause") == (verdict.word, verdict.see)


def test_a_cause_that_is_not_judged_explains_nothing() -> None:
    """The next one is asked."""

    def declining(image: object) -> object:
        raise DoesNotApply(str(image))
        yield

    registry = Registry()
    declare(declining, registry, check_id="image.first")  # type: ignore[arg-type] # a generator of nothing
    declare(finding("a"), registry, check_id="image.second")
    check = declare(finding("b"), registry, explained_by=("image.first", "image.second"))

    assert judge(check, image(), registry=registry).reason.endswith("see image.second")


def overruled(image: object, requests: object, runs: Sequence[object]) -> Iterator[str]:
    """A judge of a static rule that one run overrules."""
    if not runs:
        yield f"{image} and {requests}"


def test_a_run_overrules_a_static_rule() -> None:
    """Only a run of the kind that the declaration names."""
    check = declare(overruled, Registry(), shown_by=AS_REQUESTED)
    other = outcome(variation=Variation.EMPTY_INPUTS)

    assert Word.VIOLATES == judge(check, image(), registry=Registry()).word
    assert Word.VIOLATES == judge(check, image(), registry=Registry(), runs=(other,)).word
    assert Word.CONFORMS == judge(check, image(), registry=Registry(), runs=(other, outcome())).word


def test_what_a_run_overruled_explains_nothing() -> None:
    """A check of a job sees the run in its own outcomes, and one of the image in those that it is given."""
    registry = Registry()
    declare(overruled, registry, check_id="image.cause", shown_by=AS_REQUESTED)
    static = declare(finding("b"), registry, explained_by=("image.cause",))
    of_job = declare(finding_of_run, registry, check_id="exit.job", job=AS_REQUESTED, explained_by=("image.cause",))
    of_start = declare(
        finding_of_run, registry, check_id="exit.start", job=DEFAULT_COMMAND, explained_by=("image.cause",)
    )
    started = outcome(variation=Variation.DEFAULT_COMMAND)

    assert "image.cause" == judge(static, image(), registry=registry).see
    assert Word.VIOLATES == judge(static, image(), registry=registry, runs=(outcome(),)).word
    assert Word.VIOLATES == judge(of_job, image(), (), [outcome()], registry=registry).word
    assert "image.cause" == judge(of_start, image(), (), [started], registry=registry, runs=(outcome(),)).see


def finding_of_run(image: object, run: object) -> Iterator[str]:
    """A judge that finds something in any run."""
    yield f"{image} and {run}"


def test_a_judge_of_the_suites_own_job_may_know_the_requests() -> None:
    """After the outcomes."""

    def judging(image: object, started: object, requests: object) -> Iterator[str]:
        yield f"{len((image, started))} and {requests}"

    check = declare(judging, Registry(), job=DEFAULT_COMMAND)

    assert ("2 and ()",) == judge(check, image(), (), [outcome()], registry=Registry()).violations


def test_the_image_and_the_requests_are_given_to_a_judge_of_the_runs_made_again_too() -> None:
    """It finds the same by them."""

    def judging(image: Image, started: Outcome, requests: Sequence[JobRequest]) -> Iterator[str]:
        yield f"{image.reference}, {started.status} and {requests[0].name}"

    check = declare(judging, Registry(), job=DEFAULT_COMMAND)
    found = judge(
        check,
        image(),
        (request(),),
        [outcome()],
        registry=Registry(),
        repeat=lambda *, traced, attempt=1: (outcome(),),  # noqa: ARG005 - as `Repeat`
    )

    assert (Word.VIOLATES, ("example:1, Completed and example",)) == (found.word, found.violations)


def test_a_cause_is_looked_for_in_the_requests_that_the_check_judges() -> None:
    """Those of the user for the image alone; for a job its own, of which a second run may have another."""

    def of_requests(image: object, requests: Sequence[JobRequest]) -> Iterator[str]:
        if requests:
            yield f"{image} and {requests}"

    def of_several(image: object, requests: Sequence[JobRequest]) -> Iterator[str]:
        if len(requests) > 1:
            yield f"{image} and {requests}"

    def of_two(image: object, good: object, empty: object) -> Iterator[str]:
        yield f"{image}, {good} and {empty}"

    registry = Registry()
    declare(of_requests, registry, check_id="image.one")
    declare(of_several, registry, check_id="image.several")
    static = declare(finding("b"), registry, explained_by=("image.one",))
    of_job = declare(of_two, registry, check_id="exit.two", job=EMPTY_INPUTS, explained_by=("image.several",))
    runs = [outcome(), outcome(variation=Variation.EMPTY_INPUTS)]

    assert ["", "image.one"] == [judge(static, image(), asked, registry=registry).see for asked in ((), (request(),))]
    assert Word.VIOLATES is judge(of_job, image(), (request(), request()), runs, registry=registry).word


def test_what_conforms_needs_no_explanation() -> None:
    """Whatever else is wrong with the image."""
    registry = Registry()
    declare(finding("a"), registry, check_id="image.cause")
    check: Check = declare(finding(), registry, explained_by=("image.cause",))

    assert Word.CONFORMS == judge(check, image(), registry=registry).word


def test_the_same_arguments_give_the_same_verdict() -> None:
    """Nothing is kept from one to the next."""
    assert judged("image.entrypoint-exec-form", SHELL_FORM) == judged("image.entrypoint-exec-form", SHELL_FORM)


def test_a_verdict_names_the_users_job() -> None:
    """Where the check needs one."""
    assert "example" == judged("message.utf8", image(), outcome(host(message="x"))).request
    assert "" == judged("launch.default-command", image(), outcome()).request


def test_of_many_findings_the_first_are_told() -> None:
    """And how many there were."""
    links = [link(f"/opt/ml/processing/output/result/{number:03}", "x") for number in range(180)]

    told = judged("outputs.no-symlinks", image(), outcome(host(*links))).violations

    assert 101 == len(told)
    assert "And 80 more." == told[-1]


def test_an_error_says_what_went_wrong_and_where() -> None:
    """Nothing is said of the image; a check of the image alone has no job."""
    check = judged("image.platform").check

    assert Verdict(check, Word.ERROR, reason="no engine", request="example") == error(
        check, "no engine", request="example"
    )
    assert not error(check, "no engine").request


def test_each_line_of_an_error_is_shortened_for_itself() -> None:
    """A traceback may have many, and its last one says what went wrong."""
    reason = "\n".join([*["x" * 1_000] * 5, "y" * 3_000])
    lines = error(judged("image.platform").check, reason).reason.split("\n")

    assert ["x" * 1_000] * 5 == lines[:5]
    assert "[... 1,000 characters ...]" in lines[5]


def test_a_long_sentence_is_indented_and_its_words_stay_whole() -> None:
    """Of several lines, as a traceback is, each is kept, and those that are indented stay so."""
    path = "/opt/ml/processing/output/" + "deep-er/" * 12
    lines = error(judged("image.platform").check, f"{'word ' * 20}{path}\n  File x\n\nend").text.splitlines()[1:]

    assert [
        "  error: " + " ".join(["word"] * 18),
        " " * 9 + "word word",
        " " * 9 + path,
        " " * 9 + "  File x",
        "",
        " " * 9 + "end",
    ] == lines


@pytest.mark.parametrize(
    ("word", "applies", "label"),
    [
        (Word.NOT_JUDGED, False, "not applicable"),
        (Word.NOT_JUDGED, True, "not judged"),
        (Word.CONFORMS, True, "conforms"),
        (Word.ERROR, False, "error"),
    ],
)
def test_what_does_not_apply_is_called_so(word: Word, applies: bool, label: str) -> None:  # noqa: FBT001 - a parameter of a test
    """It is one of the reasons for which a check is not judged."""
    assert label == Verdict(judged("image.platform").check, word, applies=applies).label


def test_a_check_that_was_not_judged_keeps_its_reason_and_its_job() -> None:
    """A check of the image alone has no job."""
    check, stop = judged("image.platform").check, NotJudged("no", see="image.x")
    expected = Verdict(check, Word.NOT_JUDGED, reason="no; see image.x", see="image.x", request="example")

    assert expected == not_judged(check, stop, request="example")
    assert not not_judged(check, stop).request
