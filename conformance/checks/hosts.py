"""Several hosts: how they find each other, and how they end together.

An image is distributed if a request has an InstanceCount above 1; with any other one, only `hosts.single` applies.
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
from conformance.rule.declaration import DOCUMENTED, INFERRED, MUST, SHOULD, DoesNotApply, NotJudged, OnAws, check
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
"""How much longer a job may take if its hosts find each other some seconds late, and retry in turns."""

PATIENT_SECONDS = 3.0
"""A host that queries for this long has retried; AWS documents neither how long nor how often to retry."""


@check(
    "hosts.single",
    SHOULD,
    "The job works on one host",
    job=ONE_HOST,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.TIMES},
    on_aws=OnAws.YES,
    clause="A processing job with InstanceCount 1 has a single host, which resourceconfig.json lists.",
    spec=API / "ProcessingClusterConfig",
    basis=INFERRED,
    remedy="Let a single host be its own leader, and only wait for peers that resourceconfig.json lists.",
)
def single(image: Image, good: Outcome, one: Outcome) -> Iterator[str]:
    """With one host this is the job itself; of several, one may need as long as all of them together."""
    for shortfall in shortfalls(good, one, may_take_seconds=len(good.hosts) * good.longest_seconds):
        yield f"Expected the same result on one host, but {shortfall}."


@check(
    "hosts.ignores-etc-hostname",
    MUST,
    "Hosts identify themselves by resourceconfig.json, not by their hostname",
    job=TRUE_HOSTNAMES,
    sees={Sight.ENDS, Sight.LOGS, Sight.TIMES},
    on_aws=OnAws.COMPLETED,
    of_failure=True,
    clause="Get host names from /opt/ml/config/resourceconfig.json; /etc/hostname and /etc/hosts may be inaccurate.",
    spec=BYOC / "byoc-config",
    basis=DOCUMENTED,
    remedy="Use `current_host` and `hosts` from resourceconfig.json: no `socket.gethostname()`, no `hostname`, no "
    "`$HOSTNAME`.",
)
def ignores_etc_hostname(image: Image, true: Outcome, decoyed: Outcome) -> Iterator[str]:
    """Shown by two runs: with a hostname that is not a host's name, and with one that is."""
    _needs_several(decoyed)
    if succeeded(decoyed):
        return
    if not succeeded(true):
        raise NotJudged("the job fails with either kind of hostname", see=ZERO)
    failed = any(map(failed_by_itself, decoyed.hosts))
    for host in decoyed.hosts:
        # If nothing failed but time ran out, there must have been plenty of it.
        if not failed and host.end is not End.EXITED and host.seconds < 2 * true.longest_seconds:
            taken = true.longest_seconds
            raise NotJudged(f"{host.name} {end_of(host)}, but with its host's name the job takes {taken:.0f} s")
        if not did_well(host):
            yield (
                f"Expected the job to work with any hostname, but with one that is not the host's name "
                f"{host.name} {end_of(host)}; with the host's name the job succeeded."
            )


@check(
    "hosts.retries-resolution",
    SHOULD,
    "Hosts retry to resolve the names of their peers",
    job=LATE_NAMES,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.NAMES, Sight.TIMES},
    clause="Host names may not resolve immediately when a container starts: retry.",
    spec=BYOC / "byoc-config",
    basis=DOCUMENTED,
    remedy="Resolve a peer's name in a loop with a pause, for a minute or more, before giving up.",
)
def retries_resolution(image: Image, good: Outcome, late: Outcome) -> Iterator[str]:
    """Shown by the queries to the name server."""
    needs_success(good)
    _needs_questions(good)
    unanswered = [asked for host in late.hosts for asked in _unanswered(late, host).values()]
    # A host that retried conforms, even if it gave up in the end.
    if unanswered and all(asked[-1] - asked[0] >= PATIENT_SECONDS for asked in unanswered):
        return
    for shortfall in shortfalls(
        good,
        late,
        may_take_seconds=good.longest_seconds + LATE_SECONDS,
        more=lambda host: _gave_up(late, host) + questions(late, host),
    ):
        yield f"Expected the same result when names resolve late, but {shortfall}."


@check(
    "hosts.late-start",
    SHOULD,
    "Hosts wait for a peer that starts later",
    job=LATE_START,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.NAMES, Sight.TIMES},
    clause="The containers of a job start on different hosts, and not at the same moment.",
    spec=BYOC / "byoc-config",
    basis=INFERRED,
    remedy="Retry connecting to a peer that does not respond yet, for a minute or more.",
)
def late_start(image: Image, good: Outcome, late: Outcome) -> Iterator[str]:
    """The last host starts some seconds after the others; its name always resolves."""
    more = partial(questions, late)
    for shortfall in shortfalls(good, late, may_take_seconds=good.longest_seconds + LATE_SECONDS, more=more):
        yield f"Expected the same result when {late.hosts[-1].name} starts later, but {shortfall}."


@check(
    "hosts.follows-renamed-hosts",
    SHOULD,
    "The job works with host names other than algo-1, algo-2 and so on",
    job=RENAMED_HOSTS,
    sees={Sight.ENDS, Sight.FILES, Sight.LOGS, Sight.NAMES, Sight.TIMES},
    clause="Get host names from /opt/ml/config/resourceconfig.json; they are documented nowhere else.",
    spec=BYOC / "byoc-config",
    basis=DOCUMENTED,
    remedy="Choose the first of the sorted `hosts` in resourceconfig.json as leader, and hard-code no names.",
)
def follows_renamed_hosts(image: Image, good: Outcome, renamed: Outcome) -> Iterator[str]:
    """The same job with other names in resourceconfig.json and on the name server."""
    names = some_of([host.name for host in renamed.hosts])
    for shortfall in shortfalls(good, renamed, more=partial(_asked_in_vain, good, renamed)):
        yield f"Expected the same result when its hosts are named {names}, but {shortfall}."


@check(
    "hosts.peer-fails",
    SHOULD,
    "Hosts exit when a peer fails",
    job=PEER_FAILS,
    sees={Sight.ENDS, Sight.LOGS, Sight.TIMES},
    clause="A job is Failed if any container exits non-zero; it ends when all containers have exited, and is billed "
    "until then.",
    spec=BYOC / "byoc-run-image",
    basis=INFERRED,
    remedy="Set a timeout on every wait for a peer, and exit non-zero if its connection is closed or cannot be made.",
)
def peer_fails(image: Image, good: Outcome, cut_off: Outcome, failed: Outcome) -> Iterator[str]:
    """The last host is replaced by one that exits with 1; the exit codes of the others do not matter.

    The run in which it is cut off from the network is informational, see `reports.facts`: AWS documents nothing about
    it.
    """
    needs_success(good)
    *others, peer = failed.hosts
    if not failed_by_itself(peer):
        raise NotJudged(f"{peer.name} should have failed, but {end_of(peer)}")
    for host in others:
        if host.end is End.STOPPED:
            yield (
                f"Expected {host.name} to exit when {peer.name} exits with {peer.exit_code} soon after its start, but "
                f"it was still running after {host.seconds:.0f} s."
            )


@check(
    "hosts.worker-ends-with-leader",
    MUST,
    "Every host exits when the work is done",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.TIMES},
    on_aws=OnAws.COMPLETED,
    of_failure=True,
    clause="A job is Completed only when every container has exited with 0.",
    spec=BYOC / "byoc-run-image",
    basis=DOCUMENTED,
    remedy="Let the leader tell the workers that the work is done, and let them exit with 0: no `sleep infinity`, no "
    "server that is never stopped.",
)
def worker_ends_with_leader(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by a host that exited with 0 while others kept running until MaxRuntimeInSeconds."""
    _needs_several(outcome)
    done = [host.name for host in outcome.hosts if did_well(host)]
    if not done or any(failed_by_itself(host) for host in outcome.hosts):
        raise NotJudged("the job failed", see=ZERO)
    for host in outcome.hosts:
        if host.end is End.SUITE_LIMIT:
            limit = f"{host.seconds:.0f} s, the suite's own time limit"
            raise NotJudged(f"{host.name} was still running after {limit}; raise it with --image-timeout")
        if host.end is End.MAX_RUNTIME:
            yield (
                f"Expected every host to exit with 0, but {host.name} was still running at MaxRuntimeInSeconds, after "
                f"{some_of(done)} had exited with 0."
            )


@check(
    "hosts.isolated",
    SHOULD,
    "A job with EnableNetworkIsolation looks up no outside names",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.LOGS, Sight.NAMES},
    clause="With EnableNetworkIsolation the containers of a job cannot make outbound network calls.",
    spec=API / "NetworkConfig",
    basis=INFERRED,
    remedy="Provide what the program needs in the image or as an input, and turn off telemetry; a job that needs "
    "outside access should not set EnableNetworkIsolation.",
)
def isolated(image: Image, outcome: Outcome) -> Iterator[str]:
    """Shown by queries to the name server; a connection to an address needs none."""
    if not outcome.request.is_isolated:
        raise DoesNotApply("the request does not set EnableNetworkIsolation")
    if outcome.queries is None:
        raise NotJudged("a job with one host has no name server to record its queries")
    outside = [(host, names) for host in outcome.hosts if (names := asked_outside(outcome, host))]
    if not outside and outcome.queries.fault:
        raise NotJudged(f"the record of name queries is incomplete: {outcome.queries.fault}")
    for host, names in outside:
        yield (
            f"Expected no outside name to be looked up, but {host.name} looked up {some_of(names)} and {end_of(host)}."
        )


def _needs_several(outcome: Outcome) -> None:
    if len(outcome.hosts) == 1:
        raise DoesNotApply("the request has one host")


def _needs_questions(good: Outcome) -> None:
    """Raise if no host looked up another one: late names show nothing then."""
    _needs_several(good)
    if any(_asked(good, host, peer.name) for host in good.hosts for peer in good.hosts if peer is not host):
        return
    if good.queries is not None and good.queries.fault:
        raise NotJudged(f"the record of name queries is incomplete: {good.queries.fault}")
    raise DoesNotApply("no host looked up the name of another")


def _asked(outcome: Outcome, host: Host, name: str) -> list[float]:
    """When a host looked up an address, in seconds on its own clock."""
    return [] if outcome.queries is None else [query.at for query in outcome.queries.attempts(host.address, name)]


def _unanswered(late: Outcome, host: Host) -> dict[str, list[float]]:
    """When a host that failed looked up names that never resolved for it, by name."""
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
    """How often a host looked up names that never resolved for it, as the end of a sentence."""
    told = [
        f"{name} once" if len(asked) == 1 else f"{name} {len(asked)} times in {asked[-1] - asked[0]:.1f} s"
        for name, asked in _unanswered(late, host).items()
    ]
    return f"; it looked up {some_of(told)}, too early, and did not retry" if told else ""


def _asked_in_vain(good: Outcome, renamed: Outcome, host: Host) -> str:
    """Which names a host looked up that are hosts of another run, as the end of a sentence."""
    former = [peer.name for peer in good.hosts if _asked(renamed, host, peer.name)]
    return f"; it looked up {some_of(former)}, which does not exist" if former else ""
