"""`/opt/ml/output/message`, which becomes the job's ExitMessage."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from conformance.checks.launch import needs_start
from conformance.files.tree import File, Kind
from conformance.image.image import Image
from conformance.job.variation import AS_REQUESTED, INPUT_MARKER, INPUT_REPEATED
from conformance.outcome.outcome import MESSAGE_LIMIT_BYTES as LIMIT_BYTES
from conformance.outcome.outcome import MESSAGE_PATH, Host, Outcome
from conformance.rule.contract import API, BYOC
from conformance.rule.declaration import DOCUMENTED, INFERRED, MUST, SHOULD, Advice, DoesNotApply, NotJudged, check
from conformance.rule.sight import Sight

CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""The control characters of ASCII but for the tab and the ends of lines."""


@check(
    "message.utf8",
    MUST,
    "The message is a file of UTF-8 text",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES, Sight.MESSAGE},
    clause="A container may write UTF-8 text to /opt/ml/output/message; if it is not UTF-8, the job fails with a "
    "ClientError.",
    spec=BYOC / "byoc-metadata",
    basis=DOCUMENTED,
    remedy="Write the message with an explicit encoding: `open(path, 'w', encoding='utf-8')`.",
)
def utf8(image: Image, outcome: Outcome) -> Iterator[str]:
    """What is no regular file holds no text, which AWS says nothing about, so that is advice."""
    for host, file in _messages(outcome):
        if file.kind is not Kind.FILE:
            yield Advice(f"Expected {MESSAGE_PATH} to be a file, but on {host.name} it is a {file.kind}.")
            continue
        if fault := host.message_fault:
            yield (
                f"Expected UTF-8 text in {MESSAGE_PATH}, but on {host.name} byte {fault.position} is "
                f"0x{fault.byte:02x}: {fault.reason}."
            )


@check(
    "message.fits-1-kb",
    SHOULD,
    "The message fits in 1 KB",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES},
    clause="ExitMessage holds the first 1 KB of the message; the rest is cut off.",
    spec=API / "DescribeProcessingJob",
    basis=DOCUMENTED,
    remedy="Keep the message below 1,024 bytes of UTF-8, and put the most important words first.",
)
def fits_1_kb(image: Image, outcome: Outcome) -> Iterator[str]:
    """The limit is taken in bytes: AWS writes KB in prose, and characters in the API model."""
    for host, file in _messages(outcome):
        if file.size > LIMIT_BYTES:
            yield (
                f"Expected at most {LIMIT_BYTES:,} bytes in {MESSAGE_PATH}, and {host.name} wrote {file.size:,}, of "
                f"which {file.size - LIMIT_BYTES:,} are cut off."
            )


@check(
    "message.budget-of-all-hosts",
    SHOULD,
    "The messages of all hosts together fit in 1 KB",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES},
    clause="The messages of several containers are joined, and then cut to 1 KB.",
    spec=BYOC / "byoc-metadata",
    basis=DOCUMENTED,
    remedy="Let one host write the message, or keep each below 1,024 bytes divided by the number of hosts.",
)
def budget_of_all_hosts(image: Image, outcome: Outcome) -> Iterator[str]:
    """Where one alone is too long, that is another matter."""
    if len(outcome.hosts) == 1:
        raise DoesNotApply("the request asks for one host")
    sizes = [file.size for _, file in _messages(outcome)]
    if max(sizes) > LIMIT_BYTES:
        raise NotJudged("one message alone does not fit", see="message.fits-1-kb")
    excess = sum(sizes) - LIMIT_BYTES
    if excess > 0:
        yield (
            f"Expected at most {LIMIT_BYTES:,} bytes in {MESSAGE_PATH} of all hosts together, and {len(sizes)} hosts "
            f"wrote {sum(sizes):,}, of which {excess:,} are cut off."
        )


@check(
    "message.plain-text",
    SHOULD,
    "The message is text without a byte order mark and control characters",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.FILES, Sight.MESSAGE},
    clause="The message becomes ExitMessage, which consoles, terminals and programs take for plain text.",
    spec=BYOC / "byoc-metadata",
    basis=INFERRED,
    remedy="Write plain lines: `encoding='utf-8'` and not `'utf-8-sig'` or UTF-16, and no colours of a terminal.",
)
def plain_text(image: Image, outcome: Outcome) -> Iterator[str]:
    """AWS asks for UTF-8 text and no more, so all of these are taken."""
    for host, file in _messages(outcome):
        content = host.message or b""
        if file.kind is not Kind.FILE or host.message_fault is not None:
            raise NotJudged(f"what {host.name} left is no file of UTF-8 text", see="message.utf8")
        if content.startswith(codecs.BOM_UTF8):
            yield f"Expected text at the beginning of {MESSAGE_PATH}, and on {host.name} there is a byte order mark."
        found = CONTROL.search(content)
        if found:
            yield (
                f"Expected no control characters in {MESSAGE_PATH}, and on {host.name} byte {found.start()} is "
                f"0x{found[0][0]:02x}."
            )


@check(
    "message.no-secrets",
    MUST,
    "The message holds no credentials and nothing of what an input holds",
    job=INPUT_REPEATED,
    sees={Sight.ENDS, Sight.MESSAGE},
    clause="Do not write sensitive data to /opt/ml/output/message: DescribeProcessingJob shows it to whoever may ask.",
    spec=BYOC / "byoc-metadata",
    basis=DOCUMENTED,
    remedy="Write what happened and where, for instance a file's name and a line's number: not the line itself, not "
    "the environment, not a dump of the configuration.",
)
def no_secrets(image: Image, outcome: Outcome, corrupt: Outcome) -> Iterator[str]:
    """Shown by a path to the role's credentials in the environment, and by a word in inputs that are not the user's."""
    authors = [host for run in (outcome, corrupt) for host in run.hosts if host.message is not None]
    if not authors:
        needs_start(outcome)
        raise DoesNotApply(f"the job left no {MESSAGE_PATH}")
    for host in authors:
        if host.secret in host.message_found:
            yield (
                f"Expected no credentials in {MESSAGE_PATH}, but {host.name} wrote the value of "
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI into it."
            )
            break
    for host in authors:
        if INPUT_MARKER in host.message_found:
            # Whether what an input holds is sensitive nobody but its owner knows: a header hardly is.
            yield Advice(
                f"Expected nothing of an input's content in {MESSAGE_PATH}, but {host.name} repeated a word of a "
                f"corrupt input: {INPUT_MARKER}."
            )


def _messages(outcome: Outcome) -> list[tuple[Host, File]]:
    needs_start(outcome)
    found = [(host, host.message_file) for host in outcome.hosts]
    messages = [(host, file) for host, file in found if file is not None]
    if not messages:
        raise DoesNotApply(f"the job left no {MESSAGE_PATH}")
    return messages
