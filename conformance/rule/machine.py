"""What a program shows of the machine that it ran on: that it lacks something, or refuses it.

Which machine that is decides the engine and not the image, so each function here is a symptom of one of the suite's
choices (`conformance.rule.choices`): it returns the evidence as the start of a sentence, empty if there is none.
"""

from __future__ import annotations

import re

from conformance.outcome.outcome import End, Host, Outcome
from conformance.rule.evidence import LINE_CHARACTERS, is_killed_by, lines
from conformance.rule.telling import telling

BUSY_SECONDS = 0.03
"""A host with this much processor time in a second was working, not waiting; others may have used the rest."""

FLOOD_BYTES = 100_000
"""Who writes so many bytes a second to its log may wait for the engine to take them, which an instance does faster."""

SIGILL, SIGBUS, SIGKILL = 4, 7, 9

LINES = 20
"""How many of the last log lines are searched if there is no traceback."""


def said(host: Host, pattern: re.Pattern[str]) -> str:
    """A symptom in the log lines that say why a host failed."""
    found = [line for line in _last_words(host) if pattern.search(line)]
    return f"{host.name} logged {found[-1][:LINE_CHARACTERS]!r}" if found else ""


def _last_words(host: Host) -> list[str]:
    """The log lines that say why it failed: a traceback, or else the last lines."""
    told = telling(host)
    if told is None or not told.is_traceback:
        return lines(host)[-LINES:]
    return [*told.around, told.cause, told.line]


def _told(host: Host, *patterns: re.Pattern[str]) -> str:
    """The line that tells most, if it shows all of these."""
    told = telling(host)
    if told is None or not all(pattern.search(told.line) for pattern in patterns):
        return ""
    return f"{host.name} logged {told.line[:LINE_CHARACTERS]!r}"


def _amount_of(resource: str) -> re.Pattern[str]:
    """A line that tells how much there is of something."""
    return re.compile(rf"\b({resource})\b.*\d|\d.*\b({resource})\b", re.IGNORECASE)


_TOO_LITTLE = re.compile(
    r"\b(at least|below|(fewer|less) than|expect(s|ed)?|insufficient|instead of|minimum|must|need(s|ed)?"
    r"|not (enough|\d+)|only|requires?d?|should|too (few|little|low|small)|wants?|wanted)\b",
    re.IGNORECASE,
)
"""How a program compares what a machine has with what it needs."""

_MEMORY = _amount_of(r"memory|ram|swap")
_PROCESSORS = _amount_of(r"v?cpus?|cores|processors")
_DISK = _amount_of(r"disk|file ?system|space|storage|volume")


def memory(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
    """There is too little, as the engine, a signal, a runtime or the program itself tells."""
    if host.out_of_memory:
        return f"{host.name} ran out of memory"
    killed = [process for process in (host.trace.processes if host.trace else ()) if process.killed_by == SIGKILL]
    sent = {signal.receiver for signal in (host.trace.signals if host.trace else ()) if signal.number == SIGKILL}
    if host.stop is None and any(process.pid not in sent for process in killed):
        return f"a process of {host.name} was killed by a SIGKILL that no process of its own sent"
    return said(host, _OUT_OF_MEMORY) or _told(host, _MEMORY, _TOO_LITTLE)


_OUT_OF_MEMORY = re.compile(
    r"MemoryError|\bENOMEM\b|OutOfMemory|out of memory|bad_alloc|heap space|memory exhausted"
    r"|(cannot|could not|can't|unable to|failed to) allocate|\ballocation\b.*\bfailed"
    r"|(not enough|insufficient) (memory|space)|could not reserve enough space",
    re.IGNORECASE,
)
"""How runtimes report it; what a program finds by itself it says in its own words."""


def busy(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
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


def processor(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
    """It lacks an instruction."""
    if is_killed_by(host, SIGILL):
        return f"{host.name} was killed by SIGILL"
    return ""


def few_processors(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
    """It wants to run on one that is not there, or has counted them."""
    return said(host, _AFFINITY) or _told(host, _PROCESSORS, _TOO_LITTLE)


_AFFINITY = re.compile(r"set_?affinity|'s affinity|\btaskset\b|\bnumactl\b|\blibnuma\b", re.IGNORECASE)


def disk(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
    """It is full, or a program has measured it."""
    return said(host, _NO_SPACE) or _told(host, _DISK, _TOO_LITTLE)


_NO_SPACE = re.compile(r"no space left on device|\bENOSPC\b|disk quota", re.IGNORECASE)


def privilege(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
    """The kernel refused a call, by EPERM and not by a file's mode, or is told not to know it.

    What root may do in any container, such as changing owners, it only refuses to another user: the image chose that.
    """
    told = telling(host)
    words = [told.line, *(told.around if told.is_traceback else ())] if told is not None else []
    if any(_BY_DEFAULT.search(line) for line in words):
        return ""
    found = [line for line in words if _NOT_PERMITTED.search(line)]
    return said(host, _PRIVILEGED) or (f"{host.name} logged {found[0][:LINE_CHARACTERS]!r}" if found else "")


_BY_DEFAULT = re.compile(
    r"ch(own|mod|grp)|changing (ownership|group|permissions)|switching to|[sg]et(u|g)id|groups|\bkill\b", re.IGNORECASE
)
_PRIVILEGED = re.compile(
    r"/dev/fuse|fusermount|(mount|unshare|setns|ptrace|iptables|sysctl|mknod|chroot).*operation not permitted"
    r"|(^|\s)(u?mount|unshare|iptables|losetup|modprobe|mknod|chroot)\b[^:']*: .*(permission denied|must be superuser)"
    r"|(niceness|priority).*permission denied|\bos\.nice\(|\b(set_?priority|sched_setscheduler|mlock(all)?)\b"
    r"|\b(io_uring\w*|perf_event_open|userfaultfd|user namespaces?)\b",
    re.IGNORECASE,
)
_NOT_PERMITTED = re.compile(
    r"operation not permitted|\bEPERM\b|read-only file system|\bEROFS\b|function not implemented|\bENOSYS\b",
    re.IGNORECASE,
)


def ipv6(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
    """It has no address of that family."""
    found = said(host, _NO_ADDRESS)
    return found if found and any(_OF_IPV6.search(line) for line in _last_words(host)) else ""


_NO_ADDRESS = re.compile(
    r"cannot assign requested address|\bEADDRNOTAVAIL\b|(address|protocol) family (not supported|unavailable)"
    r"|\bEAFNOSUPPORT\b",
    re.IGNORECASE,
)
_OF_IPV6 = re.compile(r"::|\bAF_INET6\b|\b(ip|tcp|udp)(v)?6\b", re.IGNORECASE)


def shared_memory(host: Host, outcome: Outcome) -> str:  # noqa: ARG001 - as all symptoms
    """It is full."""
    if is_killed_by(host, SIGBUS):
        return f"{host.name} was killed by SIGBUS, which a write to a full /dev/shm causes"
    return said(host, _BUS_ERROR)


_BUS_ERROR = re.compile(
    r"bus error|SIGBUS|/dev/shm|(insufficient|unable to .*|failed to .*) shared memory", re.IGNORECASE
)
