"""When a job is stopped: half-way, as soon as it has started, or when it begins with its work.

As in `rerun.py`, each function returns what to run, or raises the reason why it would show nothing.
"""

from __future__ import annotations

import signal

from conformance.outcome import workload
from conformance.outcome.outcome import End, Host, Outcome
from conformance.rule.declaration import DoesNotApply
from conformance.rule.evidence import needs_success, succeeded
from conformance.rule.rerun import Rerun

SHORT_SECONDS = 2.0
"""Half-way through a shorter job it may still be starting, or ending already, when the signal comes."""

WORK_WITHIN_SECONDS = 10.0
"""How long a short job may take to begin with its work before it is stopped."""

MARGIN_SECONDS = 0.5
"""How much longer than a stand-in took to end it may take to begin."""

LATEST_STOP_SECONDS = 3.0
"""A long job is stopped this early, rather than after half of an hour."""

EARLY_STOP_SECONDS = 0.1
"""When wrappers start, and programs have no handlers yet."""

NATURAL_END = 0.9
"""A run that took this share of the undisturbed run's time ended because its work was done."""


def stopped_early(good: Outcome) -> Rerun | None:
    """Stop it as soon as it has started.

    None for the suite's own request, of which that shows nothing, and for a job so short that this is no other moment
    than its work.
    """
    if good.request.is_own:
        return None
    needs_success(good)
    if good.shortest_seconds < SHORT_SECONDS:
        return None
    return Rerun(good.request, stop_after_seconds=EARLY_STOP_SECONDS)


def stopped(good: Outcome) -> Rerun:
    """Stop it half-way, or a short job when it begins with its work, however fast this machine is just now.

    Several hosts do not begin with it at the same time, and StopProcessingJob stops all of them at once.

    Raises:
        NotJudged: the job fails by itself.
        DoesNotApply: it is short, and has several hosts or was not seen to begin with its work.
    """
    fails = good.request.is_tried and not succeeded(good)
    if not fails:
        needs_success(good)
    if good.stand_in is not None:
        # It works until it is stopped, and is to have begun by then, however long its wrapper takes.
        return Rerun(good.request, stop_after_seconds=MARGIN_SECONDS + good.longest_seconds)
    shortest = good.shortest_seconds
    # What fails in the end has work to do only while it reads its inputs.
    if shortest >= SHORT_SECONDS and not fails:
        return Rerun(good.request, stop_after_seconds=min(shortest / 2, LATEST_STOP_SECONDS))
    too_short = f"the job ended after {shortest:.1f} s; use a job of more than {SHORT_SECONDS:g} s to test stopping"
    if len(good.hosts) > 1:
        raise DoesNotApply(too_short)
    at_work = _stopped_at_work(good)
    if at_work is None:
        raise DoesNotApply(f"it was not seen to use an input or output, and {too_short}")
    return at_work


def stopped_sooner(good: Outcome) -> Rerun:
    """Stop a job of which a stop showed nothing: a busy machine made the undisturbed run seem a long one.

    Half-way through it, its program was still starting then, or had ended.
    """
    return (_stopped_at_work(good) if good.stand_in is None else None) or stopped(good)


def shows_nothing(good: Outcome, made: Outcome, *, at_work: bool) -> bool:
    """Whether a host ended before its signal came, or as it would have since that came before its work began."""
    for undisturbed, host in zip(good.hosts, made.hosts, strict=True):
        if host.stop is None:
            if host.end is End.EXITED:
                return True
        elif not at_work and made.stand_in is None:
            number = signal.Signals[host.stop.signal]
            if finished(undisturbed, host, number) and _came_before_its_work(host, number):
                return True
    return False


def _came_before_its_work(host: Host, number: signal.Signals) -> bool:
    """Whether a program may have had no handler yet when the signal came: it had used no input or output."""
    if host.trace is None or host.untraced:
        return False
    began = host.trace.work_began
    return began is None or any(arrival.at < began for arrival in host.trace.signals if arrival.number == number)


def finished(undisturbed: Host, host: Host, number: signal.Signals) -> bool:
    """Whether the signal changed nothing: it made no process do anything, or the work took as long as without it."""
    # What fails in the end does so with the signal, too.
    if host.stop is None or host.stop.killed or host.exit_code not in {0, undisturbed.exit_code}:
        return False
    if host.trace is None or host.untraced:
        return host.seconds >= NATURAL_END * undisturbed.seconds
    # By default a signal does nothing to process 1, unlike to others (pid_namespaces(7)).
    heeded = any(
        arrival.action == "caught" or (arrival.action == "default" and arrival.receiver != 1)
        for arrival in host.trace.signals
        if arrival.number == number
    )
    return not heeded or host.seconds - host.trace.halted_seconds >= NATURAL_END * undisturbed.seconds


def _stopped_at_work(good: Outcome) -> Rerun | None:
    """Stop it when it begins with its work; None if it has several hosts, or was not seen to begin with it."""
    host = good.hosts[0]
    if len(good.hosts) > 1 or host.untraced or host.trace is None or host.trace.work_began is None:
        return None
    program = workload.find(host.trace).process
    command = program.argv if program is not None else ()
    return Rerun(good.request, stop_after_seconds=WORK_WITHIN_SECONDS, stop_at_work=command)
