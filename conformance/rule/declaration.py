"""How a check is declared: one decorated generator function, validated at import.

A judge gets the image and the outcomes of the check's job; it yields one full sentence for each violation, with what
was expected and what was observed. It uses no engine, file or clock. A static rule may be overruled by a run: such a
judge also gets the outcomes of those runs, if there are any.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from conformance.job.variation import Job
from conformance.rule.contract import Source
from conformance.rule.sight import FIELDS, Sight

CHAPTERS = (
    "image",
    "launch",
    "exit",
    "stop",
    "reserved",
    "inputs",
    "outputs",
    "environment",
    "config",
    "hosts",
    "message",
    "logs",
    "aws",
    "gpu",
)
"""The chapters of the contract, in the order in which reports list them."""


class Level(StrEnum):
    """How binding a rule is."""

    MUST = "MUST"
    SHOULD = "SHOULD"


class Basis(StrEnum):
    """How well-founded a rule is."""

    DOCUMENTED = "documented"
    """AWS documents it, or NVIDIA or Docker for their part."""
    MODELLED = "modelled"
    """The API model enforces it."""
    MEASURED = "measured"
    """Without it a Docker Engine cannot start the image at all."""
    OBSERVED = "observed"
    """Users report it."""
    INFERRED = "inferred"
    """It follows from what is documented."""


class OnAws(StrEnum):
    """When a job that AWS itself ran shows enough for a verdict; see `conformance.rule.outside`."""

    NO = "no"
    YES = "yes"
    ONE_HOST = "with one host"
    COMPLETED = "if it completes"
    """Of a job that fails, AWS does not show why."""
    COMPLETED_ON_ONE_HOST = "with one host, if it completes"
    SHORT_MESSAGE = "if the message is short"
    """Of a message that is cut, AWS does not show how long it was."""
    FINDINGS = "only what it finds"
    """What it looks for can have forms that nobody knows, so that nothing found shows nothing."""


MUST, SHOULD = Level.MUST, Level.SHOULD
DOCUMENTED, MODELLED, MEASURED, OBSERVED, INFERRED = (
    Basis.DOCUMENTED,
    Basis.MODELLED,
    Basis.MEASURED,
    Basis.OBSERVED,
    Basis.INFERRED,
)

BINDING = frozenset({DOCUMENTED, MODELLED, MEASURED})
"""The bases that a MUST may have."""


class NotJudged(Exception):  # noqa: N818 - raised by a judge as a verdict, not as an error
    """The clause could not be exercised here; `see` is the check that says why, if any."""

    def __init__(self, reason: str, *, see: str = "") -> None:
        """Keep the reason, and the check to see."""
        super().__init__(f"{reason}; see {see}" if see else reason)
        self.see = see


class DoesNotApply(NotJudged):
    """The clause has a condition that this image and job do not meet, so no profile can require it."""


class Advice(str):
    """A finding that is only advice although its check is a MUST, since evidence or rule is weaker."""

    __slots__ = ()


Judge = Callable[..., Iterator[str]]


@dataclass(frozen=True)
class Check:
    """A rule of the contract and the judge that applies it.

    `explained_by` lists checks on the image alone: if one of them is violated, a violation here is only a consequence
    and is not judged. `reproduce` is a command for checks without a job; `IMAGE` in it stands for the image.
    `of_failure` means that a violation is a failure of the job, which one of the suite's choices may have caused.
    `shown_by` is the job whose outcomes can overrule a rule on the image alone. `sees` is all the evidence that the
    judge goes by; where anything else differs, its verdict must not. `on_aws` says when it can be judged by what AWS
    shows of a run; what needs no run can be judged anyway.
    """

    id: str
    level: Level
    title: str
    clause: str
    source: Source
    basis: Basis
    remedy: str
    job: Job | None
    judge: Judge
    explained_by: tuple[str, ...] = ()
    reproduce: str = ""
    of_failure: bool = False
    shown_by: Job | None = None
    sees: frozenset[Sight] = frozenset()
    on_aws: OnAws = OnAws.NO

    @property
    def chapter(self) -> str:
        """The chapter of the contract: the part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def rest(self) -> str:
        """The part of the id after the dot."""
        return self.id.partition(".")[2]


class Registry:
    """All checks by id, ordered by chapter and then by declaration."""

    def __init__(self) -> None:
        """Start empty."""
        self._checks: dict[str, Check] = {}

    def __iter__(self) -> Iterator[Check]:
        """All checks, in the order in which reports list them."""
        return iter(sorted(self._checks.values(), key=lambda check: CHAPTERS.index(check.chapter)))

    def __len__(self) -> int:
        """The number of checks."""
        return len(self._checks)

    def __getitem__(self, check_id: str) -> Check:
        """The check with this id; raises `KeyError` listing those that exist."""
        if check_id not in self._checks:
            raise KeyError(f"no check {check_id!r}; there are {', '.join(sorted(self._checks))}")
        return self._checks[check_id]

    def add(self, check: Check) -> None:
        """Add a check; raises `ValueError` saying what is wrong with its declaration."""
        for fault in self._faults(check):
            raise ValueError(f"check {check.id!r}: {fault}")
        self._checks[check.id] = check

    def _faults(self, check: Check) -> Iterator[str]:
        if check.id in self._checks:
            yield "duplicate id"
        if not check.rest:
            yield "its id must be <chapter>.<rule>"
        if check.chapter not in CHAPTERS:
            yield f"no chapter {check.chapter!r}; there are {', '.join(CHAPTERS)}"
        yield from _judge_faults(check)
        yield from _sight_faults(check)
        if check.level is MUST and check.basis not in BINDING:
            yield f"a MUST must be documented, modelled or measured, not {check.basis}"
        for part in ("title", "clause", "remedy"):
            if not getattr(check, part).strip():
                yield f"its {part} is empty"
        if check.job is None and not check.reproduce:
            yield "without a job it needs `reproduce`"
        if check.job is not None and check.shown_by is not None:
            yield "with a job it cannot have `shown_by`"
        if check.shown_by is not None and (len(check.shown_by.runs) != 1 or not check.shown_by.needs_request):
            yield f"`shown_by` must be a single run of the user's request, which {check.shown_by.name} is not"


def _judge_faults(check: Check) -> Iterator[str]:
    if check.judge.__module__.rpartition(".")[2] != check.chapter:
        yield f"it must be in checks/{check.chapter}.py"
    if not inspect.isgeneratorfunction(check.judge):
        yield "its judge is not a generator function, so it would pass everything"
    takes = len(inspect.signature(check.judge).parameters)
    allowed: tuple[int, ...]
    if check.job is None:
        allowed = (1, 2) if check.shown_by is None else (3,)
    else:
        runs = len(check.job.runs)
        allowed = (1 + runs,) if check.job.needs_request else (1 + runs, 2 + runs)
    if takes not in allowed:
        yield f"its judge takes {takes} parameters, expected {' or '.join(map(str, allowed))}"


def _sight_faults(check: Check) -> Iterator[str]:
    unknown = sorted(check.sees - FIELDS.keys())
    if unknown:
        yield f"it sees {unknown[0]!r}, which is no kind of evidence; there are {', '.join(Sight)}"
    gets_runs = check.job is not None or check.shown_by is not None
    if gets_runs and not check.sees:
        yield "it judges what runs show, so it must say in `sees` what it looks at"
    if check.on_aws is not OnAws.NO and not gets_runs:
        yield "it judges the image alone, so it needs nothing of AWS"
    if check.sees and not gets_runs:
        yield "it judges the image alone, so it sees nothing of a run"


REGISTRY = Registry()


def check(
    check_id: str,
    level: Level,
    title: str,
    *,
    job: Job | None,
    sees: Collection[Sight] = (),
    on_aws: OnAws = OnAws.NO,
    clause: str,
    spec: Source,
    basis: Basis,
    remedy: str,
    explained_by: tuple[str, ...] = (),
    reproduce: str = "",
    of_failure: bool = False,
    shown_by: Job | None = None,
    registry: Registry = REGISTRY,
) -> Callable[[Judge], Judge]:
    """Declare a check.

    The judge takes the image and then one `Outcome` for each run of `job`. A judge of the image alone (`job=None`), or
    of a job that needs no request, may take the user's requests as its last parameter. With `shown_by`, it takes the
    requests and then the outcomes of that job for those requests that could be run.

    Raises:
        ValueError: the declaration is invalid; the message says why.
    """

    def declare(judge: Judge) -> Judge:
        registry.add(
            Check(
                id=check_id,
                level=level,
                title=title,
                clause=clause,
                source=spec,
                basis=basis,
                remedy=remedy,
                job=job,
                judge=judge,
                explained_by=explained_by,
                reproduce=reproduce,
                of_failure=of_failure,
                shown_by=shown_by,
                sees=frozenset(sees),
                on_aws=on_aws,
            )
        )
        return judge

    return declare
