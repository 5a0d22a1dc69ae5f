"""The suite's own choices that can make a program fail, each with the symptom by which it is recognised.

AWS documents none of them, so a failure with such a symptom is not judged; the reason names the choice and how to
change it. Everything that `service.settings` or the engine decides has its line here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from conformance.job.request import RESERVED
from conformance.outcome.outcome import End, Host, Outcome
from conformance.outcome.trace import Process
from conformance.rule.evidence import LINE_CHARACTERS, asked_outside, did_well, is_killed_by, lines, some_of
from conformance.rule.telling import telling

BUSY_SECONDS = 0.03
"""A host with this much processor time in a second was working, not waiting; others may have used the rest."""

FLOOD_BYTES = 100_000
"""Who writes so many bytes a second to its log may wait for the engine to take them, which an instance does faster."""

SIGILL, SIGBUS, SIGKILL = 4, 7, 9

LINES = 20
"""How many of the last log lines are searched if there is no traceback."""

FURTHER_MEMBERS = (
    *("current_instance_type", "current_group_name", "instance_groups"),
    *("NetworkConfig", "ExperimentConfig", "Tags", "AppManaged", "DatasetDefinition", "FeatureStoreOutput"),
)
"""Members of both documents that training jobs or the API have, but AWS's example does not."""


@dataclass(frozen=True)
class Choice:
    """A choice, and the symptom by which it is recognised.

    `symptom` is a pattern of what a host that failed said in the end, or a function that returns the evidence on it as
    the start of a sentence, empty if there is none; `advice` says how to get a verdict.
    """

    name: str
    symptom: re.Pattern[str] | Callable[[Host, Outcome], str]
    advice: str

    def evidence(self, host: Host, outcome: Outcome) -> str:
        """The evidence on a host that failed as the start of a sentence; empty if there is none."""
        return _said(host, self.symptom) if isinstance(self.symptom, re.Pattern) else self.symptom(host, outcome)


def doubt(outcome: Outcome) -> str:
    """Why the suite may have caused a job's failure, with the choice and how to change it; empty if it did not.

    Every host that failed is checked: one that was only waiting for another shows nothing.
    """
    for host in outcome.hosts:
        if did_well(host) or not host.started:
            continue
        for choice in CHOICES:
            evidence = choice.evidence(host, outcome)
            if evidence:
                return f"{evidence}; {choice.name}: {choice.advice}"
    return ""


def _said(host: Host, pattern: re.Pattern[str]) -> str:
    """A symptom in the log."""
    found = [line for line in _last_words(host) if pattern.search(line)]
    return f"{host.name} logged {found[-1][:LINE_CHARACTERS]!r}" if found else ""


def _last_words(host: Host) -> list[str]:
    """The log lines that say why it failed: a traceback, or else the last lines."""
    told = telling(host)
    if told is None or not told.is_traceback:
        return lines(host)[-LINES:]
    return [*told.around, told.cause, told.line]


_NAMES = re.compile(
    r"temporary failure in name resolution|name or service not known|nodename nor servname|could not resolve"
    r"|getaddrinfo|gaierror|\bEAI_AGAIN\b|\bEAI_NONAME\b|\bENOTFOUND\b|UnknownHostException|no such host"
    r"|network is unreachable|\bENETUNREACH\b|no route to host|\bEHOSTUNREACH\b|network is down|failed to resolve"
    r"|failed to establish a new connection|max retries exceeded|ConnectTimeout|connect(ion)? timed out"
    r"|\bETIMEDOUT\b|dial tcp|name resolution|no matching distribution found|curl: \([0-9]+\)|URLError",
    re.IGNORECASE,
)
"""How programs report that they cannot reach the outside; with several hosts it may be about each other."""

_AWS = re.compile(
    r"EndpointConnectionError|could not connect to the endpoint|NoCredentials|CredentialRetrievalError|NoRegionError"
    r"|unable to (locate|load|find) (any |aws )?credentials|could not load credentials|no valid credential"
    r"|SdkClientException|specify a region|unable to (find|load) a region|missing region|169\.254\."
    r"|amazonaws\.com|botocore\.exceptions|ProxyError",
    re.IGNORECASE,
)
"""How programs report that they cannot call AWS."""


def _outside(host: Host, outcome: Outcome) -> str:
    """The job tried to reach the outside: shown by its name queries, its connections, or its log."""
    if outcome.request.is_isolated:
        return ""
    if outcome.request.app_managed:
        return f"{host.name} has to download or upload {', '.join(outcome.request.app_managed)} itself (AppManaged)"
    asked = [name for trial in outcome.trials for name in trial.asked] or asked_outside(outcome, host)
    if asked:
        return f"{host.name} looked up {some_of(list(dict.fromkeys(asked)))}"
    alone = len(outcome.hosts) == 1
    return _connected(host, outcome) or _said(host, _AWS) or (_said(host, _NAMES) if alone else "")


def _connected(host: Host, outcome: Outcome) -> str:
    """An outside address that one of its processes could not reach, according to the kernel."""
    peers = {peer.address for peer in outcome.hosts}
    for connect in host.trace.connects if host.trace is not None else ():
        if connect.address not in peers and (connect.error is None or connect.error in UNREACHABLE):
            how = connect.error or "no answer"
            return f"{host.name} could not reach {connect.address} port {connect.port} ({how})"
    return ""


UNREACHABLE = frozenset({"ENETUNREACH", "EHOSTUNREACH", "ETIMEDOUT", "ENETDOWN", "EINPROGRESS"})
"""The errors of connect(2) for an address outside the network of a job."""


def _memory(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
    if host.out_of_memory:
        return f"{host.name} ran out of memory"
    killed = [process for process in _processes(host) if process.killed_by == SIGKILL]
    sent = {signal.receiver for signal in (host.trace.signals if host.trace else ()) if signal.number == SIGKILL}
    if host.stop is None and any(process.pid not in sent for process in killed):
        return f"a process of {host.name} was killed by a SIGKILL that no process of its own sent"
    return _said(host, _OUT_OF_MEMORY)


_OUT_OF_MEMORY = re.compile(
    r"MemoryError|cannot allocate memory|\bENOMEM\b|OutOfMemory|out of memory|std::bad_alloc|heap space"
    r"|allocation failed",
    re.IGNORECASE,
)


def _busy(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
    """A time limit while it was working: a faster machine, or one with more processors, might have finished."""
    if host.end is not End.MAX_RUNTIME:
        return ""
    logged = host.stdout.size + host.stderr.size
    if logged > FLOOD_BYTES * host.seconds:
        return f"{host.name} was still running, having logged {logged:,} bytes, which the engine has to take"
    if host.processor_seconds is None:
        return f"{host.name} was still running, and it is not known whether it was working"
    if host.processor_seconds >= BUSY_SECONDS:
        return f"{host.name} was still working after {host.seconds:.0f} s"
    return ""


def _processor(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
    if is_killed_by(host, SIGILL):
        return f"{host.name} was killed by SIGILL"
    return ""


def _shared_memory(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
    if is_killed_by(host, SIGBUS):
        return f"{host.name} was killed by SIGBUS, which a write to a full /dev/shm causes"
    return _said(host, _BUS_ERROR)


_BUS_ERROR = re.compile(
    r"bus error|SIGBUS|/dev/shm|(insufficient|unable to .*|failed to .*) shared memory", re.IGNORECASE
)


def _processes(host: Host) -> Iterator[Process]:
    yield from host.trace.processes if host.trace is not None else ()


_REFUSED = r"(permission denied|\bEACCES\b|PermissionError|AccessDenied|operation not permitted)"
"""How programs say that they may not write: Python and Node.js before the name of the file, the C library after it."""

CHOICES = (
    Choice("a job with one host has no outside network here", _outside, "pass --image-network=NAME"),
    Choice("the memory is that of this engine, not of the instance", _memory, "use an engine with more memory"),
    Choice("the processors are those of this engine, not of the instance", _busy, "raise MaxRuntimeInSeconds"),
    Choice("the processor is that of this engine, not of the instance", _processor, "use one of the same type"),
    Choice("shared memory has 64 MiB here, as users report for Processing", _shared_memory, "write less to /dev/shm"),
    Choice(
        "directories below /opt/ml belong to root here, as users report for Processing",
        re.compile(rf"{_REFUSED}.*{RESERVED}|{RESERVED}.*{_REFUSED}", re.IGNORECASE),
        "see outputs.writable-by-user",
    ),
    Choice(
        "a container has the engine's limits here, and at most 4,096 processes",
        re.compile(
            r"resource temporarily unavailable|can't start new thread|unable to create (new )?(native )?thread"
            r"|cannot fork|fork: retry|\bEAGAIN\b|too many open files|\bEMFILE\b|\bENFILE\b|pthread_create",
            re.IGNORECASE,
        ),
        "use fewer processes, threads and open files",
    ),
    Choice(
        "/opt/ml is a single volume here, which does not contain /tmp",
        re.compile(r"cross-device link|\bEXDEV\b|device or resource busy|\bEBUSY\b", re.IGNORECASE),
        "see outputs.work-as-mount-points",
    ),
    Choice(
        "the disk is that of this engine",
        re.compile(r"no space left on device|\bENOSPC\b|disk quota", re.IGNORECASE),
        "free some space",
    ),
    Choice(
        "both configuration files only have documented members here",
        re.compile(rf"['\"](network_interface_name|{'|'.join(FURTHER_MEMBERS)})['\"]", re.IGNORECASE),
        "only read documented members",
    ),
    Choice(
        "a container has Docker's default capabilities here",
        re.compile(
            r"/dev/fuse|fusermount|(mount|unshare|setns|ptrace|iptables|sysctl|mknod|chroot).*operation not permitted",
            re.IGNORECASE,
        ),
        "do not rely on additional ones",
    ),
)
"""In the order in which they are checked: the first one with a symptom is reported."""
