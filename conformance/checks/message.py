"""`/opt/ml/output/message`, which becomes the job's ExitMessage."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from conformance.checks.launch import needs_start
from conformance.files.tree import File, Kind
from conformance.image.image import Image
from conformance.job.variation import AS_REQUESTED, CORRUPT_INPUTS, INPUT_MARKER
from conformance.outcome.outcome import MESSAGE_LIMIT_BYTES as LIMIT_BYTES
from conformance.outcome.outcome import MESSAGE_PATH, Host, Outcome
from conformance.rule.contract import API, BYOC
from conformance.rule.declaration import (
    DOCUMENTED,
    INFERRED,
    MUST,
    SHOULD,
    Advice,
    DoesNotApply,
    NotJudged,
    OnAws,
    check,
)
from conformance.rule.evidence import WITH_OTHER_INPUTS
from conformance.rule.sight import Sight

CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""The control characters of ASCII, except tab and line breaks."""


@check(
    "message.utf8",
    MUST,
    "The message is UTF-8 text",
    job=CORRUPT_INPUTS,
    sees={Sight.ENDS, Sight.FILES, Sight.MESSAGE},
    on_aws=OnAws.ONE_HOST,
    clause="A container may write UTF-8 text to /opt/ml/output/message; if it is not UTF-8, the job fails with a "
    "ClientError.",
    spec=BYOC / "byoc-metadata",
    basis=DOCUMENTED,
    remedy="Write the message with an explicit encoding: `open(path, 'w', encoding='utf-8')`.",
)
def utf8(image: Image, outcome: Outcome, empty: Outcome, corrupt: Outcome) -> Iterator[str]:
    """Anything other than a regular file is advice, since AWS does not mention it.

    So is what only empty or corrupt inputs show: most such jobs fail anyway, and lose no more than their message.
    """
    for when, messages in _by_run(outcome, empty, corrupt):
        found = [sentence for host, file in messages for sentence in _not_utf8(host, file, when)]
        if found:
            yield from [Advice(sentence) for sentence in found] if when else found
            return


def _not_utf8(host: Host, file: File, when: str) -> Iterator[str]:
    if file.kind is not Kind.FILE:
        yield Advice(f"Expected {MESSAGE_PATH} to be a file, but on {host.name} it is a {file.kind}{when}.")
    elif (fault := host.message_fault) and fault.byte is None:
        yield f"Expected UTF-8 text in {MESSAGE_PATH}, but that of {host.name} failed the job{when}: {fault.reason}."
    elif fault:
        yield (
            f"Expected UTF-8 text in {MESSAGE_PATH}, but on {host.name} byte {fault.position} is "
            f"0x{fault.byte:02x}{when}: {fault.reason}."
        )


@check(
    "message.fits-1-kb",
    SHOULD,
    "The message fits in 1 KB",
    job=CORRUPT_INPUTS,
    sees={Sight.ENDS, Sight.FILES},
    on_aws=OnAws.SHORT_MESSAGE,
    clause="ExitMessage contains the first 1 KB of the message; the rest is cut off.",
    spec=API / "DescribeProcessingJob",
    basis=DOCUMENTED,
    remedy="Keep the message below 1,024 bytes of UTF-8, with the most important words first.",
)
def fits_1_kb(image: Image, outcome: Outcome, empty: Outcome, corrupt: Outcome) -> Iterator[str]:
    """The limit is in bytes: AWS says KB in the text and characters in the API model.

    Many programs write their traceback when they fail, whose last line is the one that says why.
    """
    for when, messages in _by_run(outcome, empty, corrupt):
        long = [(host, file) for host, file in messages if file.size > LIMIT_BYTES]
        for host, file in long:
            yield (
                f"Expected at most {LIMIT_BYTES:,} bytes in {MESSAGE_PATH}, but {host.name} wrote {file.size:,}{when}, "
                f"of which {file.size - LIMIT_BYTES:,} are cut off."
            )
        if long:
            return


@check(
    "message.budget-of-all-hosts",
    SHOULD,
    "The messages of all hosts together fit in 1 KB",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES},
    on_aws=OnAws.SHORT_MESSAGE,
    clause="The messages of all containers are joined and then cut to 1 KB.",
    spec=BYOC / "byoc-metadata",
    basis=DOCUMENTED,
    remedy="Let one host write the message, or keep each below 1,024 bytes divided by the number of hosts.",
)
def budget_of_all_hosts(image: Image, outcome: Outcome) -> Iterator[str]:
    """A single message that is too long is reported by another check."""
    if len(outcome.hosts) == 1:
        raise DoesNotApply("the request has one host")
    sizes = [file.size for _, file in _messages(outcome)]
    if max(sizes) > LIMIT_BYTES:
        raise NotJudged("a single message does not fit", see="message.fits-1-kb")
    excess = sum(sizes) - LIMIT_BYTES
    if excess > 0:
        yield (
            f"Expected at most {LIMIT_BYTES:,} bytes in {MESSAGE_PATH} of all hosts together, but {len(sizes)} hosts "
            f"wrote {sum(sizes):,}, of which {excess:,} are cut off."
        )


@check(
    "message.plain-text",
    SHOULD,
    "The message has no byte order mark or control characters",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES, Sight.MESSAGE},
    on_aws=OnAws.ONE_HOST,
    clause="The message becomes ExitMessage, which consoles, terminals and programs treat as plain text.",
    spec=BYOC / "byoc-metadata",
    basis=INFERRED,
    remedy="Write plain text: `encoding='utf-8'`, not `'utf-8-sig'` or UTF-16, and no terminal colours.",
)
def plain_text(image: Image, outcome: Outcome) -> Iterator[str]:
    """AWS only requires UTF-8 text, so all of these are accepted."""
    for host, file in _messages(outcome):
        content = host.message or b""
        if file.kind is not Kind.FILE or host.message_fault is not None:
            raise NotJudged(f"the message of {host.name} is not UTF-8 text", see="message.utf8")
        if content.startswith(codecs.BOM_UTF8):
            yield f"Expected {MESSAGE_PATH} to start with text, but on {host.name} it starts with a byte order mark."
        found = CONTROL.search(content)
        if found:
            yield (
                f"Expected no control characters in {MESSAGE_PATH}, but on {host.name} byte {found.start()} is "
                f"0x{found[0][0]:02x}."
            )


@check(
    "message.no-secrets",
    MUST,
    "The message contains no credentials or input data",
    job=CORRUPT_INPUTS,
    sees={Sight.ENDS, Sight.MESSAGE},
    on_aws=OnAws.FINDINGS,
    clause="Do not write sensitive data to /opt/ml/output/message: DescribeProcessingJob returns it.",
    spec=BYOC / "byoc-metadata",
    basis=DOCUMENTED,
    remedy="Write what happened and where, such as file name and line number, but not the line itself, the "
    "environment, or a dump of the configuration.",
)
def no_secrets(image: Image, outcome: Outcome, empty: Outcome, corrupt: Outcome) -> Iterator[str]:
    """Shown by the path to the role's credentials in the environment, and by a word in the suite's corrupt inputs."""
    authors = [host for run in (outcome, empty, corrupt) for host in run.hosts if host.message is not None]
    if not authors:
        needs_start(outcome)
        raise DoesNotApply(f"the job wrote no {MESSAGE_PATH}")
    for host in authors:
        if leaked := host.leaks(host.message_found):
            yield f"Expected no credentials in {MESSAGE_PATH}, but {host.name} wrote {leaked} into it."
            break
    for host in corrupt.hosts:
        if INPUT_MARKER in host.message_found:
            # Only the owner of an input knows whether its content is sensitive; a header hardly is.
            yield Advice(
                f"Expected no input data in {MESSAGE_PATH}, but {host.name} repeated a word of a "
                f"corrupt input: {INPUT_MARKER}."
            )


def _by_run(*runs: Outcome) -> list[tuple[str, list[tuple[Host, File]]]]:
    """The messages of each run, with how a sentence on it ends."""
    needs_start(runs[0])
    found = [[(host, file) for host in run.hosts if (file := host.message_file) is not None] for run in runs]
    if not any(found):
        raise DoesNotApply(f"the job wrote no {MESSAGE_PATH}")
    return list(zip(WITH_OTHER_INPUTS, found, strict=True))


def _messages(outcome: Outcome) -> list[tuple[Host, File]]:
    needs_start(outcome)
    found = [(host, host.message_file) for host in outcome.hosts]
    messages = [(host, file) for host, file in found if file is not None]
    if not messages:
        raise DoesNotApply(f"the job wrote no {MESSAGE_PATH}")
    return messages
