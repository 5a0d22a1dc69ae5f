"""A page for each check, made of its declaration, its judge, the profiles and the images that prove it."""

from __future__ import annotations

import functools
import inspect
import tomllib
from collections.abc import Iterator
from pathlib import Path

from conformance.checks import load_checks
from conformance.job.variation import Variation
from conformance.rule.declaration import CHAPTERS, MUST, Basis, Check, OnAws
from conformance.rule.sight import Sight
from conformance.verdict.profiles import Scope, reading
from images.builder import folders
from images.builder.folders import Folder
from scripts.documentation import ROOT, meanings
from tests.localmode.clauses import CLAUSES

CONTRACT = "https://docs.aws.amazon.com/sagemaker/latest/dg/build-your-own-processing-container.html"

CONSEQUENCES = Path(__file__).with_name("consequences.toml")
"""What it costs when a clause is broken, by check."""

LEVELS = {
    True: "a violation fails the run",
    False: "advice, which fails the run with `--image-strict` alone",
}
"""What a level means, by whether it is a MUST."""


def pages() -> dict[str, str]:
    """The text of each page by its path below the source: an index, and one for each check."""
    return {"checks/index.md": _index(), **{f"checks/{check.id}.md": page(check) for check in load_checks()}}


def page(check: Check) -> str:
    """One check."""
    return "\n\n".join(_sections(check)) + "\n"


@functools.cache
def _consequences() -> dict[str, str]:
    found: dict[str, str] = tomllib.loads(CONSEQUENCES.read_text(encoding="utf-8"))
    return found


def _index() -> str:
    lines = ["# The checks", f"One page for each of the {len(load_checks())} checks, in the order of the "]
    lines[1] += f"[container contract]({CONTRACT})."
    for chapter in CHAPTERS:
        of_chapter = [check for check in load_checks() if check.chapter == chapter]
        entries = "\n".join(f"{check.id} <{check.id}>" for check in of_chapter)
        lines.append(f"## {chapter}")
        lines.append(
            "\n".join(f"- [`{check.id}`]({check.id}.md) ({check.level}): {check.title}" for check in of_chapter)
        )
        lines.append(f"```{{toctree}}\n:hidden:\n\n{entries}\n```")
    return "\n\n".join(lines) + "\n"


def _sections(check: Check) -> Iterator[str]:
    yield f"# {check.id}"
    yield f"**{check.title}.**"
    yield "\n".join(["| | |", "|---|---|", *_facts(check)])
    yield "## How AWS behaves"
    yield check.clause
    yield f"Source: [{check.source.title}]({check.source.url}). Basis: {_basis(check)}"
    yield "## Why it matters"
    yield _consequences()[check.id]
    yield "## How it is judged"
    yield inspect.getdoc(check.judge) or ""
    yield from _runs(check)
    if check.explained_by:
        yield f"Not judged where one of these already reports the flaw: {_linked(check.explained_by)}."
    yield "## How to fix it"
    yield check.remedy
    if check.reproduce:
        yield f"To see it by hand: `{check.reproduce}`"
    yield from _images(check)
    yield from _local_mode(check)


def _facts(check: Check) -> Iterator[str]:
    yield f"| level | {check.level}: {LEVELS[check.level is MUST]} |"
    yield f"| needs | {_needs(check)} |"
    yield f"| required by the profiles | {_profiles(check)} |"
    on_aws = check.on_aws if check.sees else OnAws.YES
    said = meanings.of_members(OnAws).get(on_aws.name, "")
    yield f"| judged [on AWS itself](../README.md#on-aws-itself) | {on_aws}{f': {said}' if said else ''} |"


def _needs(check: Check) -> str:
    if check.job is None:
        overruled = check.shown_by is not None
        return f"the image alone{'; a job that shows the contrary overrules it' if overruled else ''}"
    return "a [job of yours](../job-request.md)" if check.job.needs_request else "a start of the image"


def _profiles(check: Check) -> str:
    found = [profile for scope in Scope if (profile := reading.own(scope, load_checks())).requires(check.id)]
    return ", ".join(f"`{each.name}` (since {each.since[check.id]})" for each in found) or "none"


def _basis(check: Check) -> str:
    return f"{check.basis}. {meanings.of_members(Basis)[check.basis.name]}"


def _runs(check: Check) -> Iterator[str]:
    if check.job is not None:
        described = meanings.of_members(Variation)
        runs = "\n".join(f"- **{run}**: {described[run.name]}" for run in check.job.runs)
        yield f"The runs that it looks at:\n\n{runs}"
    if check.sees:
        kinds = meanings.of_members(Sight)
        seen = "\n".join(f"- {kinds[sight.name]}" for sight in Sight if sight in check.sees)
        yield f"What it goes by, of each container:\n\n{seen}"


def _linked(checks: tuple[str, ...]) -> str:
    return ", ".join(f"[`{each}`]({each}.md)" for each in checks)


def proofs_of(check: Check) -> list[Folder]:
    """The images that are made to fail it."""
    return [image for image, failing in _failing() if check.id in failing]


@functools.cache
def _failing() -> tuple[tuple[Folder, list[str]], ...]:
    """All images but those that do their worst, each with the checks that it fails."""
    names = (name for name in folders.all_names() if not name.startswith("hostile/"))
    images = (Folder(name, folders.ROOT / name) for name in names)
    return tuple((image, image.label("fails")) for image in images)


def _images(check: Check) -> Iterator[str]:
    proofs = proofs_of(check)
    if proofs:
        yield "## Images that prove it"
        yield "Each of these was made with this flaw, and the suite's own tests expect it to be found:"
    for each in proofs:
        yield f"### {each.name.rpartition('/')[2]}"
        yield _sentence(each.comment.removeprefix("Flaw: "))
        others = tuple(other for other in each.label("fails") if other != check.id)
        if others:
            yield f"It fails {_linked(others)} as well."
        yield f"```dockerfile\n{_instructions(each)}\n```"
        yield f"<!-- tested by tests/images/test_matrix.py -->\n\n```shell\n{_command(each)}\n```"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _instructions(image: Folder) -> str:
    lines = image.dockerfile.splitlines()
    return "\n".join(line for line in lines if not line.startswith(("#", "LABEL conformance.")))


def _command(image: Folder) -> str:
    job, objects = (path.relative_to(ROOT) for path in (image.request, folders.objects_of(image.request)))
    options = [f"--image-job={job}", f"--image-s3={objects}", *image.label("options")]
    check = " ".join(["pytest", f"--image={image.tag.removesuffix(':latest')}", *options])
    return f"python -m images.builder.build {image.name}\n{check}"


def _local_mode(check: Check) -> Iterator[str]:
    rows = [clause for clause in CLAUSES if check.id in clause.checks]
    if rows:
        yield "## In the SDK's local mode"
        yield "\n".join(f"- A job that {each.does}: {each.why}" for each in rows)
        yield "[All differences](../local-mode.md) are on a page of their own."
