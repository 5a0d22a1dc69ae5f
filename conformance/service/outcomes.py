"""What came of a run, from what its hosts showed."""

from __future__ import annotations

from conformance.outcome.gpu import Utilization
from conformance.outcome.outcome import Outcome
from conformance.service import message, status
from conformance.service.plan import Plan
from conformance.service.together import Ran


def outcome(plan: Plan, ran: Ran, seconds: float, utilization: Utilization | None, *, emulated_on: str = "") -> Outcome:
    """What came of a run, with the status that AWS would derive from how its hosts ended."""
    hosts = ran.hosts
    messages = {host.name: host.message for host in hosts if host.message is not None}
    fault = message.fault(hosts)
    text = None if fault else message.exit_message(list(messages.values()))
    job_status, reason = status.job_status(hosts, message_fault=fault)
    return Outcome(
        request=plan.request,
        variation=plan.variation,
        status=job_status,
        hosts=hosts,
        uploads=ran.uploads,
        queries=ran.queries,
        calls=ran.calls,
        exit_message=text,
        failure_reason=reason,
        seconds=seconds,
        gpus=plan.gpus,
        utilization=utilization,
        conditions=plan.conditions,
        stand_in=plan.played,
        emulated_on=emulated_on,
        timeline=ran.timeline,
    )
