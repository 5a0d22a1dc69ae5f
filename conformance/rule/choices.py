"""The suite's own choices that can make a program fail, each with the symptom by which it is recognised.

AWS documents none of them, so a failure with such a symptom is not judged; the reason names the choice and how to
change it. Everything that `service.settings` or the engine decides has its line here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from conformance.job.request import RESERVED
from conformance.outcome.outcome import Host, Outcome
from conformance.rule import machine
from conformance.rule.evidence import asked_outside, did_well, some_of
from conformance.rule.machine import said

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
        return said(host, self.symptom) if isinstance(self.symptom, re.Pattern) else self.symptom(host, outcome)


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
                return f"{evidence}; {OF_ACCOUNT if outcome.on_aws else f'{choice.name}: {choice.advice}'}"
    return ""


OF_ACCOUNT = "on AWS that may lie with the account: its role, network, quotas or instance type"
"""What a failure with such a symptom may be due to where none of it is a choice of the suite's."""

_TURNED_AWAY = re.compile(
    r"AccessDenied|access denied|not authorized to perform|UnauthorizedOperation|ExpiredToken|Throttl|SlowDown"
    r"|TooManyRequests|LimitExceeded|NoSuchBucket|com\.amazonaws|software\.amazon|forbidden|unauthori[sz]ed|\b40[13]\b",
    re.IGNORECASE,
)
"""How programs report what AWS answers to a role that may not do something, or not so often."""


def _by_account(host: Host, outcome: Outcome) -> str:
    """AWS turned a job of the account away."""
    return said(host, _TURNED_AWAY) if outcome.on_aws else ""


def emulated(outcome: Outcome) -> str:
    """Why an emulator may have caused a failure of any kind, be it of the start; empty where there is none.

    What a program has done in an emulator, as to end with 0 or to write a link, it has done.
    """
    failed = [host.name for host in outcome.hosts if not did_well(host)]
    if not failed or not outcome.emulated_on:
        return ""
    return f"{failed[0]} failed in an emulator of x86_64 on {outcome.emulated_on}: use an engine on x86_64"


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


_OF_AWS = re.compile(r"(^|[.])amazonaws[.]com([.]cn)?$|(^|[.])api[.]aws$", re.IGNORECASE)
"""Names of AWS's own endpoints."""

_NO_REGION = re.compile(r"NoRegionError|specify a region|unable to (find|load) a region|missing region", re.IGNORECASE)


def _without_aws(host: Host, outcome: Outcome) -> str:
    """The job tried to call AWS, and had none: shown by its request, its name queries, or its log."""
    if outcome.request.is_isolated or outcome.calls is not None:
        return ""
    if outcome.request.app_managed:
        return f"{host.name} has to download or upload {', '.join(outcome.request.app_managed)} itself (AppManaged)"
    of_aws = [name for name in _asked(host, outcome) if _OF_AWS.search(name)]
    return f"{host.name} looked up {some_of(of_aws)}" if of_aws else said(host, _AWS)


def _with_other_aws(host: Host, outcome: Outcome) -> str:
    """The job called the suite's AWS, which answered otherwise than its user's would: it holds other things, or less.

    A call that was turned away on purpose is none of them.
    """
    if outcome.calls is None:
        return ""
    if outcome.calls.refused:
        return f"{host.name} called AWS, but {outcome.calls.refused[0]}"
    failed = [call for call in outcome.calls.of_aws if call.host == host.name and not call.succeeded]
    refused = [f"{call} ({call.status})" for call in failed if not call.throttled]
    return f"{host.name} called {some_of(refused)}" if refused else ""


def _region(host: Host, outcome: Outcome) -> str:
    """A client of AWS that was told no region, where AWS_REGION alone is set."""
    return "" if outcome.calls is None else said(host, _NO_REGION)


def _asked(host: Host, outcome: Outcome) -> list[str]:
    asked = [name for trial in outcome.trials for name in trial.asked] or asked_outside(outcome, host)
    return list(dict.fromkeys(asked))


def _outside(host: Host, outcome: Outcome) -> str:
    """The job tried to reach the outside: shown by its name queries, its connections, or its log."""
    if outcome.request.is_isolated:
        return ""
    asked = _asked(host, outcome)
    if asked:
        return f"{host.name} looked up {some_of(asked)}"
    alone = len(outcome.hosts) == 1
    return _connected(host, outcome) or said(host, _AWS) or (said(host, _NAMES) if alone else "")


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


_REFUSED = r"(permission denied|\bEACCES\b|PermissionError|AccessDenied|operation not permitted)"
"""How programs say that they may not write: Python and Node.js before the name of the file, the C library after it."""

CHOICES = (
    Choice("a job has the rights of its role", _by_account, "let the role do it"),
    Choice("a job has no AWS here", _without_aws, "--image-aws lets the job reach S3"),
    Choice(
        "the suite's AWS holds what --image-s3 gives, and has what moto has",
        _with_other_aws,
        "add what is missing to --image-s3, or leave the call out",
    ),
    Choice(
        "AWS documents no AWS_DEFAULT_REGION in a container, so it is not set here",
        _region,
        "set it in the request's Environment, or pass the client a region",
    ),
    Choice("a job with one host has no outside network here", _outside, "pass --image-network=NAME"),
    Choice(
        "the memory is that of this engine, not of the instance",
        machine.memory,
        "use an engine with more memory, or raise --image-limit=memory=SIZE",
    ),
    Choice("the processors are those of this engine, not of the instance", machine.busy, "raise MaxRuntimeInSeconds"),
    Choice(
        "the number of processors is that of this engine, not of the instance",
        machine.few_processors,
        "use an engine with as many",
    ),
    Choice("the processor is that of this engine, not of the instance", machine.processor, "use one of the same type"),
    Choice(
        "shared memory has 64 MiB here, as users report for Processing", machine.shared_memory, "write less to /dev/shm"
    ),
    Choice(
        "directories below /opt/ml belong to root here, as users report for Processing",
        re.compile(rf"{_REFUSED}.*{RESERVED}|{RESERVED}.*{_REFUSED}", re.IGNORECASE),
        "see outputs.writable-by-user",
    ),
    Choice(
        "a container has the engine's limits here, and the suite's on processes",
        re.compile(
            r"resource temporarily unavailable|can't start new thread|unable to create (new )?(native )?thread"
            r"|cannot fork|fork: retry|\bEAGAIN\b|\bEMFILE\b|\bENFILE\b|pthread_create"
            r"|\bulimit\b|rlimit\b|cannot modify limit|maximum limit|\bmemlock\b|\bnofile\b|open files"
            r"|file descriptors",
            re.IGNORECASE,
        ),
        "use fewer processes, threads and open files, or raise --image-limit=processes=COUNT",
    ),
    Choice(
        "/opt/ml is a single volume here, which does not contain /tmp",
        re.compile(
            r"cross-device link|\bEXDEV\b|device or resource busy|\bEBUSY\b|\bismount\b|\bmount ?point\b"
            r"|not (mounted|on the volume)",
            re.IGNORECASE,
        ),
        "see outputs.work-as-mount-points",
    ),
    Choice("the disk is that of this engine", machine.disk, "free some space"),
    Choice(
        "both configuration files only have documented members here",
        re.compile(rf"['\"](network_interface_name|{'|'.join(FURTHER_MEMBERS)})['\"]", re.IGNORECASE),
        "only read documented members",
    ),
    Choice("a container has Docker's default capabilities here", machine.privilege, "do not rely on additional ones"),
    Choice("containers have no IPv6 here", machine.ipv6, "use IPv4"),
)
"""In the order in which they are checked: the first one with a symptom is reported."""
