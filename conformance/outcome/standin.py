"""What a stand-in for the workload found inside a container, and how what it was told to do went.

This module is pure: `Witness.parse` takes the bytes of a record and looks at nothing else. What a stand-in can be told
to do stands in `conformance/probe/src/standin.c`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.outcome.record import Event, Record, maybe_text, to_bytes, to_text


class NoWitnessError(ValueError):
    """The record holds no witness: the stand-in did not run, or could not write."""


@dataclass(frozen=True, slots=True)
class Descriptor:
    """An open descriptor, and what it leads to: a path, or a name of the kernel's such as `pipe:[4711]`."""

    number: int
    target: str
    terminal: bool


@dataclass(frozen=True, slots=True)
class Mount:
    """A mount, as the kernel lists it; `options` are those of the mount, not of its file system."""

    path: str
    root: str
    type: str
    source: str
    options: frozenset[str]


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


@dataclass(frozen=True)
class Witness:
    """Everything that a process sees of its container when it begins.

    `variables` are the environment's entries as they stand there, in their order, duplicates included. `limits` are
    soft and hard, None for no limit. `files` has the content of each file that was looked for, None where it is not
    there or not readable.
    """

    pid: int
    argv: tuple[str, ...]
    variables: tuple[str, ...]
    executable: str
    cwd: str
    hostname: str
    uid: int
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

    @classmethod
    def parse(cls, content: bytes) -> Witness:
        """Read a record.

        Raises:
            NoWitnessError: there is none in it.
        """
        record = Record.parse(content)
        found = next(record.named("witness"), None)
        if found is None:
            raise NoWitnessError(record.fault or "the record holds no witness")
        return cls._of(found, record)

    @classmethod
    def _of(cls, found: Event, record: Record) -> Witness:
        begun = {event["line"]: event for event in record.named("begin")}
        done = [event for event in record.named("done") if event["line"] in begun]
        open_lines = sorted(begun.keys() - {event["line"] for event in done})
        return cls(
            pid=found["pid"],
            argv=_texts(found["argv"]),
            variables=_texts(found["environment"]),
            executable=maybe_text(found["executable"]),
            cwd=maybe_text(found["cwd"]),
            hostname=to_text(found["hostname"]),
            uid=found["uid"],
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
                Lookup(to_text(event["name"]), event["attempt"], _texts(event["addresses"]), to_text(event["error"]))
                for event in record.named("resolve")
            ),
            caught=tuple(
                Caught(event["time_ns"] / 1e9, event["number"], event["sender"]) for event in record.named("caught")
            ),
            unfinished=to_text(begun[open_lines[0]]["verb"]) if open_lines else "",
            fault=record.fault,
        )

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment as getenv(3) tells it: of several entries with one name the first counts."""
        pairs = (entry.partition("=") for entry in reversed(self.variables))
        return {name: value for name, _, value in pairs}

    @property
    def mounts(self) -> tuple[Mount, ...]:
        """Every mount that the process sees, in the kernel's order: a later one may cover an earlier one."""
        listed = self.files.get("/proc/self/mountinfo") or b""
        return tuple(_mount(line) for line in listed.decode("utf-8", "surrogateescape").splitlines())


def every_witness(content: bytes) -> tuple[Witness, ...]:
    """What each process found that the stand-in was started as; empty where there was none."""
    record = Record.parse(content)
    return tuple(Witness._of(found, record) for found in record.named("witness"))  # noqa: SLF001 - of this module


def _texts(texts: list[str]) -> tuple[str, ...]:
    return tuple(to_text(text) for text in texts)


def _limit(value: int) -> int | None:
    return None if value < 0 else value


def _action(begun: Event, done: Event) -> Action:
    seconds = (done["monotonic_ns"] - begun["monotonic_ns"]) / 1e9
    return Action(done["line"], to_text(done["verb"]), done["errno"], to_text(done["error"]), seconds)


def _mount(line: str) -> Mount:
    """Read a line of /proc/self/mountinfo: optional fields end with a dash (proc_pid_mountinfo(5))."""
    before, _, after = line.partition(" - ")
    fields, kind = before.split(" "), after.split(" ")
    return Mount(
        path=_unescaped(fields[4]),
        root=_unescaped(fields[3]),
        type=kind[0],
        source=_unescaped(kind[1]),
        options=frozenset(fields[5].split(",")),
    )


def _unescaped(text: str) -> str:
    for escape, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(escape, character)
    return text
