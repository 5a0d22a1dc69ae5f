"""A declaration that would mislead is refused when it is imported, and what stands in the registry is sound."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

import conformance.checks
from conformance.checks import load_checks
from conformance.job.variation import AS_REQUESTED, DEFAULT_COMMAND, EMPTY_INPUTS
from conformance.rule.contract import API, BYOC, DOCKER, Document, Source
from conformance.rule.declaration import (
    BINDING,
    CHAPTERS,
    INFERRED,
    MEASURED,
    MUST,
    OBSERVED,
    SHOULD,
    Check,
    DoesNotApply,
    NotJudged,
    Registry,
)
from conformance.rule.declaration import check as check_of
from conformance.rule.sight import Sight
from tests.support.declared import declare, finding

CHECKS = tuple(load_checks())
every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)


def fault(judge: Any = None, registry: Registry | None = None, **changes: Any) -> str:  # noqa: ANN401 - any wrong thing
    """How a declaration is refused."""
    with pytest.raises(ValueError, match=r"^check ") as refused:
        declare(judge or finding(), Registry() if registry is None else registry, **changes)
    return str(refused.value)


def test_a_sound_declaration_is_taken() -> None:
    """As it was written."""
    registry = Registry()
    check = declare(finding("x"), registry, explained_by=("image.platform",))

    assert (1, "exit", "example") == (len(registry), check.chapter, check.rest)
    assert ("image.platform",) == check.explained_by


def test_an_id_is_taken_once() -> None:
    """Reports tell checks apart by it."""
    registry = Registry()
    declare(finding(), registry)

    assert "check 'exit.example': duplicate id" == fault(registry=registry)


@pytest.mark.parametrize("check_id", ["exit", "exit."])
def test_an_id_names_chapter_and_rule(check_id: str) -> None:
    """With a dot between the two."""
    assert f"check '{check_id}': its id must be <chapter>.<rule>" == fault(check_id=check_id)


def test_a_chapter_must_be_known() -> None:
    """The message names those that are."""
    said = fault(check_id="exits.example")

    assert said.startswith("check 'exits.example': no chapter 'exits'; there are image, launch, exit, ")


def test_a_check_stands_in_its_chapters_file() -> None:
    """The message names the file."""
    said = fault(module="conformance.checks.launch")

    assert "check 'exit.example': it must be in checks/exit.py" == said


def test_a_judge_must_yield() -> None:
    """One that forgets to would pass everything."""

    def judge(image: object) -> list[str]:
        return [str(image)]

    assert "check 'exit.example': its judge is not a generator function, so it would pass everything" == fault(judge)


def test_a_must_rests_on_what_is_known() -> None:
    """What users report, or what is only inferred, is advice."""
    for basis in (OBSERVED, INFERRED):
        said = f"a MUST must be documented, modelled or measured, not {basis}"

        assert f"check 'exit.example': {said}" == fault(basis=basis)
        assert declare(finding(), Registry(), basis=basis, level=SHOULD)
    assert declare(finding(), Registry(), basis=MEASURED)


@pytest.mark.parametrize("part", ["title", "clause", "remedy"])
@pytest.mark.parametrize("text", ["", " \n"])
def test_no_text_may_be_empty(part: str, text: str) -> None:
    """A reader of a violation needs each."""
    assert f"check 'exit.example': its {part} is empty" == fault(None, None, **{part: text})


def test_a_check_without_a_job_says_how_to_reproduce() -> None:
    """For a job, the command is made of its request."""
    said = "without a job it needs `reproduce`"

    assert f"check 'exit.example': {said}" == fault(reproduce="")


def one(image: object) -> Iterator[str]:
    """A judge of the image alone."""
    yield str(image)


def two(image: object, other: object) -> Iterator[str]:
    """A judge of the image, and of a request or an outcome."""
    yield f"{image} {other}"


def three(image: object, good: object, empty: object) -> Iterator[str]:
    """A judge of two runs."""
    yield f"{image} {good} {empty}"


def four(image: object, one: object, other: object, more: object) -> Iterator[str]:
    """A judge of more than anybody gives."""
    yield f"{image} {one} {other} {more}"


@pytest.mark.parametrize(
    ("judge", "job", "said"),
    [
        (three, None, "takes 3 parameters, expected 1 or 2"),
        (one, AS_REQUESTED, "takes 1 parameters, expected 2"),
        (three, AS_REQUESTED, "takes 3 parameters, expected 2"),
        (two, EMPTY_INPUTS, "takes 2 parameters, expected 3"),
    ],
)
def test_a_judge_takes_what_it_is_given(judge: Any, job: Any, said: str) -> None:  # noqa: ANN401 - a judge and a job
    """The image, and an outcome for each run."""
    assert f"check 'exit.example': its judge {said}" == fault(judge, job=job)


@pytest.mark.parametrize(("judge", "job"), [(one, None), (two, None), (two, AS_REQUESTED), (three, EMPTY_INPUTS)])
def test_a_judge_that_fits_is_taken(judge: Any, job: Any) -> None:  # noqa: ANN401 - a judge and a job
    """A judge of the image alone may take the requests as well."""
    assert declare(judge, Registry(), job=job)


@pytest.mark.parametrize(
    ("judge", "changes", "said"),
    [
        (two, {"shown_by": AS_REQUESTED}, "its judge takes 2 parameters, expected 3"),
        (
            three,
            {"shown_by": EMPTY_INPUTS},
            "`shown_by` must be a single run of the user's request, which empty-inputs is not",
        ),
        (
            three,
            {"shown_by": DEFAULT_COMMAND},
            "`shown_by` must be a single run of the user's request, which default-command is not",
        ),
        (
            two,
            {"shown_by": AS_REQUESTED, "job": AS_REQUESTED},
            "with a job it cannot have `shown_by`",
        ),
        (four, {"job": DEFAULT_COMMAND}, "its judge takes 4 parameters, expected 2 or 3"),
    ],
)
def test_a_rule_that_a_run_overrules_says_by_which(judge: Any, changes: dict[str, Any], said: str) -> None:  # noqa: ANN401 - a judge
    """One run of the user's own request, and its judge takes what it shows."""
    assert f"check 'exit.example': {said}" == fault(judge, **changes)


def test_such_a_rule_is_taken() -> None:
    """So is a judge of the suite's own job that wants to know the user's requests."""
    assert AS_REQUESTED == declare(three, Registry(), shown_by=AS_REQUESTED).shown_by
    assert declare(three, Registry(), job=DEFAULT_COMMAND)
    assert declare(two, Registry(), job=DEFAULT_COMMAND)


@pytest.mark.parametrize("changes", [{"job": AS_REQUESTED}, {"shown_by": AS_REQUESTED}])
def test_a_check_of_runs_says_what_it_sees_of_them(changes: dict[str, Any]) -> None:
    """Whether a run is judged or only overrules."""
    judge = two if "job" in changes else three
    said = "it judges what runs show, so it must say in `sees` what it looks at"

    assert f"check 'exit.example': {said}" == fault(judge, sees=(), **changes)
    assert {Sight.ENDS, Sight.LOGS} == declare(judge, Registry(), sees=[Sight.LOGS, Sight.ENDS], **changes).sees


def test_a_check_of_the_image_sees_no_run() -> None:
    """So there is nothing to say."""
    assert "check 'exit.example': it judges the image alone, so it sees nothing of a run" == fault(sees={Sight.LOGS})
    assert not declare(finding(), Registry()).sees


def test_a_kind_of_evidence_must_be_known() -> None:
    """The message names those that are."""
    said = fault(two, job=AS_REQUESTED, sees={"ends", "log"})

    assert said.startswith("check 'exit.example': it sees 'log', which is no kind of evidence; there are ends, times, ")


def test_a_place_must_exist_in_its_document() -> None:
    """The message names those that do."""
    with pytest.raises(ValueError, match=r"has no anchor 'byoc-runs'; it has .*byoc-run-image"):
        BYOC / "byoc-runs"


@pytest.mark.parametrize("source", [BYOC / "byoc-run-image", API / "AppSpecification", DOCKER / "user"])
def test_a_place_has_an_address(source: Any) -> None:  # noqa: ANN401 - a Source
    """With the place in it."""
    assert source.url.startswith("https://docs.")
    assert "{" not in source.url
    assert source.title.rpartition(": ")[2] in source.url


def test_an_unknown_check_is_named_with_those_that_exist() -> None:
    """As a mistyped id asks for."""
    registry = Registry()
    declare(finding(), registry)

    with pytest.raises(KeyError, match=r"no check 'exit\.exemple'; there are exit\.example"):
        registry["exit.exemple"]


@pytest.mark.parametrize(
    ("explained_by", "said"),
    [
        ("image.gone", "is explained by an unknown check: .*no check 'image.gone'"),
        ("exit.zero-on-success", "is explained by exit.zero-on-success, which does not check the image alone"),
    ],
)
def test_a_cause_must_be_a_check_of_the_image(monkeypatch: pytest.MonkeyPatch, explained_by: str, said: str) -> None:
    """It is asked again when a consequence is seen, without a run."""
    registry = Registry()
    for check in CHECKS:
        registry.add(check)
    declare(finding(), registry, explained_by=(explained_by,))
    monkeypatch.setattr(conformance.checks, "REGISTRY", registry)

    with pytest.raises(ValueError, match=f"check 'exit.example' {said}"):
        load_checks()


def test_a_registry_keeps_the_order_of_the_chapters() -> None:
    """And within a chapter that of declaration."""
    registry = Registry()
    for check_id in ("gpu.a", "exit.b", "image.c", "exit.a"):
        declare(finding(), registry, check_id=check_id)

    assert ["image.c", "exit.b", "exit.a", "gpu.a"] == [check.id for check in registry]


def test_a_reason_points_to_another_check() -> None:
    """Where there is one."""
    assert "no; see exit.a" == str(NotJudged("no", see="exit.a"))
    assert "no" == str(DoesNotApply("no"))


# The registry as it stands


def test_the_checks_are_these() -> None:
    """In the order of the chapters; an id never changes its meaning and is never used again."""
    assert [
        "image.platform",
        "image.has-command",
        "image.entrypoint-exec-form",
        "image.entrypoint-exists",
        "image.entrypoint-executable",
        "image.entrypoint-shebang",
        "image.entrypoint-machine",
        "image.entrypoint-loader",
        "image.user-resolvable",
        "image.script-argument-exists",
        "image.volume-under-opt-ml",
        "launch.default-command",
        "launch.arguments-need-an-entrypoint",
        "launch.arguments-reach-the-program",
        "launch.program-runs-by-itself",
        "exit.zero-on-success",
        "exit.nonzero-on-failure",
        "exit.nonzero-on-corrupt-input",
        "exit.empty-input-noticed",
        "exit.no-process-left",
        "stop.sigint-reaches-the-program",
        "stop.ends-on-sigint",
        "stop.ends-on-sigterm",
        "reserved.nothing-required",
        "reserved.works-when-replaced",
        "reserved.works-with-empty-tmp",
        "reserved.image-is-empty",
        "reserved.is-a-directory",
        "reserved.nothing-written-elsewhere",
        "inputs.not-executed",
        "inputs.empty-shard",
        "inputs.pipe",
        "outputs.no-symlinks",
        "outputs.declared-outputs-written",
        "outputs.writable-by-user",
        "outputs.regular-files-only",
        "outputs.work-as-mount-points",
        "outputs.names-fit-s3",
        "outputs.continuous",
        "outputs.no-collision",
        "environment.no-secrets",
        "environment.no-fixed-region",
        "environment.reaches-the-program",
        "config.unknown-members-tolerated",
        "hosts.single",
        "hosts.ignores-etc-hostname",
        "hosts.retries-resolution",
        "hosts.late-start",
        "hosts.follows-renamed-hosts",
        "hosts.peer-fails",
        "hosts.worker-ends-with-leader",
        "hosts.isolated",
        "message.utf8",
        "message.fits-1-kb",
        "message.budget-of-all-hosts",
        "message.plain-text",
        "message.no-secrets",
        "logs.on-stdout-or-stderr",
        "logs.unbuffered",
        "logs.no-secrets",
        "aws.credentials-of-the-role",
        "aws.region-of-the-job",
        "aws.no-calls-when-isolated",
        "aws.retries",
        "gpu.no-bundled-driver",
        "gpu.no-kernel-modules",
        "gpu.runtime-residue",
        "gpu.stub-on-library-path",
        "gpu.driver-not-shadowed",
        "gpu.visible-devices-not-void",
        "gpu.capabilities-compute",
        "gpu.visible",
        "gpu.workload-uses-it",
    ] == [check.id for check in load_checks()]


def test_chapters_come_in_their_order() -> None:
    """Reports list them so."""
    places = [CHAPTERS.index(check.chapter) for check in CHECKS]

    assert all(earlier <= later for earlier, later in pairwise(places))


@every_check
def test_a_must_is_binding(check: Check) -> None:
    """It rests on what AWS or its model say, or on what an engine cannot do."""
    assert check.level is not MUST or check.basis in BINDING


@every_check
def test_texts_are_written_alike(check: Check) -> None:
    """A title is no sentence, a clause and a remedy are."""
    assert check.title == check.title.strip()
    assert not check.title.endswith(".")
    assert check.title[0].isupper()
    assert check.clause.endswith(".")
    assert check.remedy.endswith(".")


@every_check
def test_reproducing_needs_the_image_and_its_name(check: Check) -> None:
    """`IMAGE` stands for it."""
    assert check.job is not None or "IMAGE" in check.reproduce.split()


@every_check
def test_a_judge_says_what_it_goes_by(check: Check) -> None:
    """Its docstring is what a reader of the code finds first."""
    assert (check.judge.__doc__ or "").strip()


def test_a_place_is_named_by_its_document_and_its_anchor() -> None:
    """Both the title and the address have it."""
    document = Document("Guide", "https://example.org/{}.html", frozenset({"b", "a"}))

    assert Source("Guide: a", "https://example.org/a.html") == document / "a"
    with pytest.raises(ValueError, match=r"^Guide has no anchor 'c'; it has a, b$"):
        document / "c"


def test_a_declaration_is_kept_as_it_was_written() -> None:
    """With what it says of failures and of its source; by itself it says nothing of either."""
    plain = declare(two, Registry(), job=AS_REQUESTED)
    told = declare(two, Registry(), job=AS_REQUESTED, of_failure=True, spec=DOCKER / "user", reproduce="x")

    assert (False, BYOC / "byoc-run-image", None) == (plain.of_failure, plain.source, plain.shown_by)
    assert (True, DOCKER / "user", "x") == (told.of_failure, told.source, told.reproduce)


def test_a_check_of_a_job_needs_no_command_to_reproduce() -> None:
    """Its runs tell how."""
    registry = Registry()
    two.__module__ = "conformance.checks.exit"
    decorate = check_of(
        "exit.x",
        MUST,
        "t",
        job=AS_REQUESTED,
        clause="c",
        spec=BYOC / "byoc-run-image",
        basis=MEASURED,
        remedy="r",
        sees={Sight.ENDS},
        registry=registry,
    )

    assert two is decorate(two)
    assert "" == registry["exit.x"].reproduce
