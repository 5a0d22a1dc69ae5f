"""All that a stand-in writes down: what tests of the probe and of the service look at, and no check does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from unittest.mock import patch

from conformance.outcome.record import Event, Record, maybe_text, to_bytes, to_text
from conformance.outcome.standin import Witness, every_witness


@dataclass(frozen=True, slots=True)
class Descriptor:
    """An open descriptor, and what it leads to: a path, or a name of the kernel's such as `pipe:[4711]`."""

    number: int
    target: str
    terminal: bool


@dataclass(frozen=True, slots=True)
class Action:
    """A line of the plan that was done; `errno` is 0 where it succeeded, and `seconds` is how long it took."""

    line: int
    verb: str
    errno: int
    error: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Lookup:
    """One attempt to resolve a name."""

    name: str
    attempt: int
    addresses: tuple[str, ...]
    error: str


@dataclass(frozen=True, slots=True)
class Caught:
    """A signal that the stand-in caught: when, in seconds since the epoch, and from which process."""

    time: float
    number: int
    sender: int


@dataclass(frozen=True, kw_only=True)
class FullWitness(Witness):
    """Everything that a process sees of its container when it begins, and how what it was told to do went.

    `limits` are soft and hard, None for no limit. `files` has the content of each file that was looked for, None where
    it is not there or not readable. `unfinished` is the verb that had only begun when the record ended.
    """

    executable: str
    hostname: str
    euid: int
    gid: int
    egid: int
    groups: tuple[int, ...]
    umask: int
    shared_memory_bytes: int | None
    descriptors: tuple[Descriptor, ...]
    ignored: frozenset[int]
    blocked: frozenset[int]
    limits: Mapping[str, tuple[int | None, int | None]]
    files: Mapping[str, bytes | None]
    actions: tuple[Action, ...] = ()
    lookups: tuple[Lookup, ...] = ()
    caught: tuple[Caught, ...] = ()
    unfinished: str = ""
    fault: str = field(default="", compare=False)


@contextmanager
def every_witness_in_full() -> Iterator[None]:
    """Let a service keep everything of each witness, in the place of what checks look at."""
    with patch("conformance.service.hosts.every_witness", every_full_witness):
        yield


def full_witness(content: bytes) -> FullWitness:
    """The first witness of a record; there is one where the probe ran as a stand-in."""
    found = every_full_witness(content)
    assert found, Record.parse(content).fault or "the record holds no witness"
    return found[0]


def every_full_witness(content: bytes) -> tuple[FullWitness, ...]:
    """As `every_witness`, with everything; the actions are those of the whole record."""
    record = Record.parse(content)
    pairs = zip(every_witness(content), record.named("witness"), strict=True)
    return tuple(_full(witness, found, record) for witness, found in pairs)


def _full(witness: Witness, found: Event, record: Record) -> FullWitness:
    begun = {event["line"]: event for event in record.named("begin")}
    done = [event for event in record.named("done") if event["line"] in begun]
    open_lines = sorted(begun.keys() - {event["line"] for event in done})
    return FullWitness(
        **{each.name: getattr(witness, each.name) for each in fields(witness)},
        executable=maybe_text(found["executable"]),
        hostname=to_text(found["hostname"]),
        euid=found["euid"],
        gid=found["gid"],
        egid=found["egid"],
        groups=tuple(found["groups"]),
        umask=found["umask"],
        shared_memory_bytes=found["shared_memory_bytes"],
        descriptors=tuple(
            Descriptor(each["number"], maybe_text(each["target"]), bool(each["terminal"]))
            for each in found["descriptors"]
        ),
        ignored=frozenset(found["ignored"]),
        blocked=frozenset(found["blocked"]),
        limits={name: (_limit(soft), _limit(hard)) for name, (soft, hard) in found["limits"].items()},
        files={to_text(path): None if text is None else to_bytes(text) for path, text in found["files"].items()},
        actions=tuple(_action(begun[event["line"]], event) for event in done),
        lookups=tuple(
            Lookup(
                to_text(event["name"]),
                event["attempt"],
                tuple(to_text(address) for address in event["addresses"]),
                to_text(event["error"]),
            )
            for event in record.named("resolve")
        ),
        caught=tuple(
            Caught(event["time_ns"] / 1e9, event["number"], event["sender"]) for event in record.named("caught")
        ),
        unfinished=to_text(begun[open_lines[0]]["verb"]) if open_lines else "",
        fault=record.fault,
    )


def _limit(value: int) -> int | None:
    return None if value < 0 else value


def _action(begun: Event, done: Event) -> Action:
    seconds = (done["monotonic_ns"] - begun["monotonic_ns"]) / 1e9
    return Action(done["line"], to_text(done["verb"]), done["errno"], to_text(done["error"]), seconds)
