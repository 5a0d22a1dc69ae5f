"""Several hosts: how they find one another, and how they end together.

An image claims to be distributed by a request with an InstanceCount above 1; another one is not judged here, but for
working on one host.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from conformance.image.image import Image
from conformance.job.variation import (
    AS_REQUESTED,
    LATE_NAMES,
    LATE_START,
    ONE_HOST,
    PEER_FAILS,
    RENAMED_HOSTS,
    TRUE_HOSTNAMES,
)
from conformance.outcome.outcome import End, Host, Outcome
from conformance.rule.contract import API, BYOC
from conformance.rule.declaration import DOCUMENTED, INFERRED, MUST, SHOULD, DoesNotApply, NotJudged, check
from conformance.rule.evidence import (
    asked_outside,
    did_well,
    end_of,
    failed_by_itself,
    needs_success,
    questions,
    shortfalls,
    some_of,
    succeeded,
)
from conformance.rule.sight import Sight

ZERO = "exit.zero-on-success"

LATE_SECONDS = 15.0
"""How much longer a job may last whose hosts find one another some seconds late, and look for one another in turns."""

PATIENT_SECONDS = 3.0
"""Who asks for this long has asked again: how long a name may stay unknown, and how often to ask, AWS does not say."""


@check(
    "hosts.single",
    SHOULD,
    "The job works on one host",
    job=ONE_HOST,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TIMES},
    clause="A processing job has one host if its request does not ask for more, and resourceconfig.json names it then.",
    spec=API / "ProcessingClusterConfig",
    basis=INFERRED,
    remedy="Let the one host be its own leader, and wait for no peer that resourceconfig.json does not name.",
)
def single(image: Image, good: Outcome, one: Outcome) -> Iterator[str]:
    """Of a job of one host that is the job itself; of several, one may need as long as all of them together."""
    for shortfall in shortfalls(good, one, may_take_seconds=len(good.hosts) * _took(good)):
        yield f"Expected the job to do the same on one host, and {shortfall}."


@check(
    "hosts.ignores-etc-hostname",
    MUST,
    "Hosts are told apart by resourceconfig.json, and not by their own hostname",
    job=TRUE_HOSTNAMES,
    sees={Sight.ENDS, Sight.LOGS, Sight.TIMES},
    of_failure=True,
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
    failed = any(failed_by_itself(host) for host in decoyed.hosts)
    for host in decoyed.hosts:
        # Where nothing failed but time ran out, it must have been plenty.
        if not failed and host.end is not End.EXITED and host.seconds < 2 * _took(true):
            raise NotJudged(f"{host.name} {end_of(host)}, and {_took(true):.0f} s were needed with true hostnames too")
        if not did_well(host):
            yield (
                f"Expected the job to do without the container's own hostname, and where that is not the host's name, "
                f"{host.name} {end_of(host)}; where it is, the job succeeded."
            )


@check(
    "hosts.retries-resolution",
    SHOULD,
    "A host whose peers are not known yet asks again",
    job=LATE_NAMES,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.NAMES, Sight.TIMES},
    clause="Host names may not be known at once when a container starts: retry to resolve them.",
    spec=BYOC / "byoc-config",
    basis=DOCUMENTED,
    remedy="Resolve a peer's name in a loop with a pause, for a minute or more, before giving up; the first attempt "
    "may well come too early.",
)
def retries_resolution(image: Image, good: Outcome, late: Outcome) -> Iterator[str]:
    """Shown by what the name server was asked."""
    needs_success(good)
    _needs_questions(good)
    unanswered = [asked for host in late.hosts for asked in _unanswered(late, host).values()]
    # A host that did ask again has kept the clause, also where it gave up in the end.
    if unanswered and all(asked[-1] - asked[0] >= PATIENT_SECONDS for asked in unanswered):
        return
    for shortfall in shortfalls(
        good,
        late,
        may_take_seconds=_took(good) + LATE_SECONDS,
        more=lambda host: _gave_up(late, host) + questions(late, host),
    ):
        yield f"Expected the job to do the same where names are known late, and {shortfall}."


@check(
    "hosts.late-start",
    SHOULD,
    "A host that starts later than the others is waited for",
    job=LATE_START,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.NAMES, Sight.TIMES},
    clause="The containers of a job start each on a host of its own, and not at the same moment.",
    spec=BYOC / "byoc-config",
    basis=INFERRED,
    remedy="Try again to connect to a peer that does not answer yet, for a minute or more.",
)
def late_start(image: Image, good: Outcome, late: Outcome) -> Iterator[str]:
    """The last host starts some seconds after the others; its name is known all the time."""
    more = partial(questions, late)
    for shortfall in shortfalls(good, late, may_take_seconds=_took(good) + LATE_SECONDS, more=more):
        yield f"Expected the job to do the same where {late.hosts[-1].name} starts later, and {shortfall}."


@check(
    "hosts.follows-renamed-hosts",
    SHOULD,
    "Hosts may have other names than algo-1, algo-2 and so on",
    job=RENAMED_HOSTS,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.NAMES, Sight.TIMES},
    clause="Host names are to be taken from /opt/ml/config/resourceconfig.json; they are promised nowhere else.",
    spec=BYOC / "byoc-config",
    basis=DOCUMENTED,
    remedy="Let the leader be the first of the sorted `hosts` of resourceconfig.json, and let no name stand in the "
    "program.",
)
def follows_renamed_hosts(image: Image, good: Outcome, renamed: Outcome) -> Iterator[str]:
    """The same job, with other names in resourceconfig.json and with the name server."""
    names = some_of([host.name for host in renamed.hosts])
    for shortfall in shortfalls(good, renamed, more=partial(_asked_in_vain, good, renamed)):
        yield f"Expected the job to do the same where its hosts are called {names}, and {shortfall}."


@check(
    "hosts.peer-fails",
    SHOULD,
    "Hosts end when a peer has failed",
    job=PEER_FAILS,
    sees={Sight.ENDS, Sight.LOGS, Sight.TIMES},
    clause="A job in which a container exits with another code than 0 is Failed; it is over when all have ended, and "
    "is paid for until then.",
    spec=BYOC / "byoc-run-image",
    basis=INFERRED,
    remedy="Put a limit on every wait for a peer, and leave with another code than 0 where its connection is closed or "
    "does not come about.",
)
def peer_fails(image: Image, good: Outcome, cut_off: Outcome, failed: Outcome) -> Iterator[str]:
    """In the last host's place stands one that exits with 1; the exit codes of the others are their own affair.

    Nothing follows from the run in which it is cut off, of which AWS says nothing: `facts` tells of it.
    """
    needs_success(good)
    *others, peer = failed.hosts
    if not failed_by_itself(peer):
        raise NotJudged(f"{peer.name} was to fail, and {end_of(peer)}")
    for host in others:
        if host.end is End.STOPPED:
            yield (
                f"Expected {host.name} to end where {peer.name} exits with {peer.exit_code} soon after its start, and "
                f"it was still running after {host.seconds:.0f} s."
            )


@check(
    "hosts.worker-ends-with-leader",
    MUST,
    "Every host ends when the work is done",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.TIMES},
    of_failure=True,
    clause="A job is Completed only when every container has exited with 0.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Let the leader tell the workers that the work is done, and let them exit with 0: no `sleep infinity`, no "
    "server that nobody ends.",
)
def worker_ends_with_leader(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by a host that exited with 0 while others ran on to MaxRuntimeInSeconds."""
    _needs_several(outcome)
    done = [host.name for host in outcome.hosts if did_well(host)]
    if not done or any(failed_by_itself(host) for host in outcome.hosts):
        raise NotJudged("the job did not succeed", see=ZERO)
    for host in outcome.hosts:
        if host.end is End.SUITE_LIMIT:
            raise NotJudged(
                f"{host.name} was still running after {host.seconds:.0f} s, the suite's own limit, which "
                "--image-timeout raises"
            )
        if host.end is End.MAX_RUNTIME:
            yield (
                f"Expected every host to exit with 0, and {host.name} was still running at MaxRuntimeInSeconds, after "
                f"{some_of(done)} had exited with 0."
            )


@check(
    "hosts.isolated",
    SHOULD,
    "A job with EnableNetworkIsolation asks for nothing outside",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.LOGS, Sight.NAMES},
    clause="With EnableNetworkIsolation the containers of a job make no calls to the outside.",
    spec=API / "NetworkConfig",
    basis=INFERRED,
    remedy="Bring what the program needs with the image or as an input, and switch off whatever calls home; a job that "
    "cannot do without the outside is not to ask for EnableNetworkIsolation.",
)
def isolated(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by the names that hosts asked their name server for; who calls an address asks nobody."""
    if not outcome.request.is_isolated:
        raise DoesNotApply("the request does not ask for EnableNetworkIsolation")
    if outcome.queries is None:
        raise NotJudged("a job of one host has no name server, which would tell what it asks for")
    outside = [(host, names) for host in outcome.hosts if (names := asked_outside(outcome, host))]
    if not outside and outcome.queries.fault:
        raise NotJudged(f"not all that the hosts asked for could be seen: {outcome.queries.fault}")
    for host, names in outside:
        yield f"Expected nothing outside to be asked for; {host.name} asked for {some_of(names)}, and {end_of(host)}."


def _took(outcome: Outcome) -> float:
    """How many seconds its longest host ran."""
    return max(host.seconds for host in outcome.hosts)


def _needs_several(outcome: Outcome) -> None:
    if len(outcome.hosts) == 1:
        raise DoesNotApply("the request asks for one host")


def _needs_questions(good: Outcome) -> None:
    """Raise where no host asked for another one by its name: that it is known late shows nothing then."""
    _needs_several(good)
    if any(_asked(good, host, peer.name) for host in good.hosts for peer in good.hosts if peer is not host):
        return
    if good.queries is not None and good.queries.fault:
        raise NotJudged(f"not all that the hosts asked for could be seen: {good.queries.fault}")
    raise DoesNotApply("no host asked for the name of another")


def _asked(outcome: Outcome, host: Host, name: str) -> list[float]:
    """When a host asked for an address, in seconds on a clock of its own."""
    return [] if outcome.queries is None else [query.at for query in outcome.queries.attempts(host.address, name)]


def _unanswered(late: Outcome, host: Host) -> dict[str, list[float]]:
    """When a host that ended badly asked for names which it did not get to know, by name."""
    if late.queries is None or did_well(host):
        return {}
    names = [peer.name for peer in late.hosts if peer is not host]
    attempts = {name: late.queries.attempts(host.address, name) for name in names}
    return {
        name: [query.at for query in asked]
        for name, asked in attempts.items()
        if asked and all(query.delayed for query in asked)
    }


def _gave_up(late: Outcome, host: Host) -> str:
    """How often a host asked for names that it did not get to know, as the end of a sentence."""
    told = [
        f"{name} once" if len(asked) == 1 else f"{name} {len(asked)} times in {asked[-1] - asked[0]:.1f} s"
        for name, asked in _unanswered(late, host).items()
    ]
    return f"; it asked too early for {some_of(told)}, and not again" if told else ""


def _asked_in_vain(good: Outcome, renamed: Outcome, host: Host) -> str:
    """Which names a host asked for that are hosts of another run, as the end of a sentence."""
    former = [peer.name for peer in good.hosts if _asked(renamed, host, peer.name)]
    return f"; it asked for {some_of(former)}, and there is no such host" if former else ""
