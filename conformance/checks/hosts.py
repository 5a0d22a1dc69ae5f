"""Several hosts: how they find one another, and how they end together.

An image claims to be distributed by a request with an InstanceCount above 1; another one is not judged here, but for
working on one host.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.contract import API, BYOC
from conformance.declaration import (
    DOCUMENTED,
    INFERRED,
    MUST,
    SHOULD,
    DoesNotApply,
    NotJudged,
    check,
)
from conformance.evidence import end_of, needs_success, shortfalls, some_of, succeeded
from conformance.image import Image
from conformance.job import (
    AS_REQUESTED,
    LATE_NAMES,
    LATE_START,
    ONE_HOST,
    PEER_FAILS,
    RENAMED_HOSTS,
    TRUE_HOSTNAMES,
)
from conformance.outcome import End, Host, Outcome
from conformance.resolution import Query

ZERO = "exit.zero-on-success"


@check(
    "hosts.single",
    SHOULD,
    "The job works on one host",
    job=ONE_HOST,
    clause="A processing job has one host if its request does not ask for more, and resourceconfig.json names it then.",
    spec=API / "ProcessingClusterConfig",
    basis=INFERRED,
    remedy="Let the one host be its own leader, and wait for no peer that resourceconfig.json does not name.",
)
def single(image: Image, good: Outcome, one: Outcome) -> Iterator[str]:
    """Of a job of one host that is the job itself."""
    for shortfall in shortfalls(good, one):
        yield f"Expected the job to do the same on one host, and {shortfall}."


@check(
    "hosts.ignores-etc-hostname",
    MUST,
    "Hosts are told apart by resourceconfig.json, and not by their own hostname",
    job=TRUE_HOSTNAMES,
    clause="Host names are to be taken from /opt/ml/config/resourceconfig.json; what /etc/hostname and /etc/hosts say "
    "may be inaccurate.",
    spec=BYOC / "byoc-config",
    basis=DOCUMENTED,
    remedy="Take `current_host` and `hosts` from resourceconfig.json: no `socket.gethostname()`, no `hostname`, no "
    "`$HOSTNAME`.",
)
def ignores_etc_hostname(image: Image, true: Outcome, decoyed: Outcome) -> Iterator[str]:
    """Shown by two runs: with a hostname that is none of the hosts, and with that of the host."""
    _needs_several(decoyed)
    if succeeded(decoyed):
        return
    if not succeeded(true):
        raise NotJudged("the job did not succeed, whatever its containers are called", see=ZERO)
    for host in decoyed.hosts:
        if not _did_well(host):
            yield (
                f"Expected the job to do without the container's own hostname, and where that is not the host's name, "
                f"{host.name} {end_of(host)}; where it is, the job succeeded."
            )


@check(
    "hosts.retries-resolution",
    SHOULD,
    "A host whose peers are not known yet asks again",
    job=LATE_NAMES,
    clause="Host names may not be known at once when a container starts: retry to resolve them.",
    spec=BYOC / "byoc-config",
    basis=DOCUMENTED,
    remedy="Resolve a peer's name in a loop with a pause, for a minute or more, before giving up; the first attempt "
    "may well come too early.",
)
def retries_resolution(image: Image, good: Outcome, late: Outcome) -> Iterator[str]:
    """Shown by what the name server was asked."""
    needs_success(good)
    if not _asked(good):
        raise DoesNotApply("no host asked for the name of another")
    for shortfall in shortfalls(good, late):
        yield f"Expected the job to do the same where names are known late, and {shortfall}{_attempts(late)}."


@check(
    "hosts.late-start",
    SHOULD,
    "A host that starts later than the others is waited for",
    job=LATE_START,
    clause="The containers of a job start each on a host of its own, and not at the same moment.",
    spec=BYOC / "byoc-config",
    basis=INFERRED,
    remedy="Try again to connect to a peer that does not answer yet, for a minute or more.",
)
def late_start(image: Image, good: Outcome, late: Outcome) -> Iterator[str]:
    """The last host starts some seconds after the others; its name is known all the time."""
    for shortfall in shortfalls(good, late):
        yield f"Expected the job to do the same where {late.hosts[-1].name} starts later, and {shortfall}."


@check(
    "hosts.follows-renamed-hosts",
    SHOULD,
    "Hosts may have other names than algo-1, algo-2 and so on",
    job=RENAMED_HOSTS,
    clause="Host names are to be taken from /opt/ml/config/resourceconfig.json; they are promised nowhere else.",
    spec=BYOC / "byoc-config",
    basis=DOCUMENTED,
    remedy="Let the leader be the first of the sorted `hosts` of resourceconfig.json, and let no name stand in the "
    "program.",
)
def follows_renamed_hosts(image: Image, good: Outcome, renamed: Outcome) -> Iterator[str]:
    """The same job, with other names in resourceconfig.json and with the name server."""
    names = {host.name for host in renamed.hosts}
    asked = sorted({query.name for query in _asked(renamed)} - names)
    evidence = f"; it was asked for {some_of(asked)}, which is no host" if asked else ""
    for shortfall in shortfalls(good, renamed):
        hosts = some_of(sorted(names))
        yield f"Expected the job to do the same where its hosts are called {hosts}, and {shortfall}{evidence}."


@check(
    "hosts.peer-fails",
    SHOULD,
    "Hosts end when a peer has failed",
    job=PEER_FAILS,
    clause="A job in which a container exits with another code than 0 is Failed; it is over when all have ended, and "
    "is paid for until then.",
    spec=BYOC / "byoc-run-image",
    basis=INFERRED,
    remedy="Put a limit on every wait for a peer, and leave with another code than 0 where its connection is closed or "
    "does not come about.",
)
def peer_fails(image: Image, good: Outcome, failed: Outcome) -> Iterator[str]:
    """In the last host's place stands one that exits with 1; the exit codes of the others are their own affair."""
    needs_success(good)
    for host in failed.hosts[:-1]:
        if host.end is End.STOPPED:
            yield (
                f"Expected {host.name} to end after {failed.hosts[-1].name} had exited with 1, and it was still "
                f"running {host.seconds:.0f} s later."
            )


@check(
    "hosts.worker-ends-with-leader",
    MUST,
    "Every host ends when the work is done",
    job=AS_REQUESTED,
    clause="A job is Completed only when every container has exited with 0.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Let the leader tell the workers that the work is done, and let them exit with 0: no `sleep infinity`, no "
    "server that nobody ends.",
)
def worker_ends_with_leader(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by a host that exited with 0 while others ran on to MaxRuntimeInSeconds."""
    _needs_several(outcome)
    done = [host.name for host in outcome.hosts if _did_well(host)]
    for host in outcome.hosts:
        if host.end is End.SUITE_LIMIT:
            raise NotJudged(f"{host.name} was still running after {host.seconds:.0f} s, the suite's own limit")
        if host.end is End.MAX_RUNTIME and done:
            yield (
                f"Expected every host to exit with 0, and {host.name} was still running at MaxRuntimeInSeconds, after "
                f"{some_of(done)} had exited with 0."
            )


def _did_well(host: Host) -> bool:
    return host.end is End.EXITED and host.exit_code == 0


def _needs_several(outcome: Outcome) -> None:
    if len(outcome.hosts) == 1:
        raise DoesNotApply("the request asks for one host")


def _asked(outcome: Outcome) -> tuple[Query, ...]:
    """What hosts asked for besides their own name."""
    if outcome.queries is None:
        return ()
    own = {(host.address, host.name) for host in outcome.hosts}
    return tuple(
        query
        for query in outcome.queries.queries
        if query.type in {"A", "AAAA"} and (query.client, query.name) not in own
    )


def _attempts(outcome: Outcome) -> str:
    """How often the hosts that failed asked for a name that was not known yet."""
    if outcome.queries is None:
        return ""
    told = []
    for host in outcome.hosts:
        for peer in outcome.hosts:
            attempts = outcome.queries.attempts(host.address, peer.name)
            if not _did_well(host) and attempts and all(query.delayed for query in attempts):
                times = "once" if len(attempts) == 1 else f"{len(attempts)} times"
                told.append(f"{host.name} asked for {peer.name} {times} in {attempts[-1].at - attempts[0].at:.1f} s")
    return f": {some_of(told)}, and gave up" if told else ""
