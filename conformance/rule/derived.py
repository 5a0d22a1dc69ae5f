"""What each run is derived from: the request that it is made with, and what the undisturbed run says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from conformance.image.image import Image
from conformance.job.gpu import Choice, to_look, wants
from conformance.job.request import JobRequest
from conformance.job.variation import Variation, default_command_request
from conformance.outcome.outcome import Outcome
from conformance.rule import rerun, stops
from conformance.rule.declaration import DoesNotApply
from conformance.rule.rerun import NO_AWS, Rerun

RESTING: Mapping[Variation, Callable[[Image, Outcome], Rerun | None]] = {
    Variation.OWN_RESERVED: rerun.with_own_reserved,
    Variation.EMPTY_TMP: rerun.with_empty_tmp,
    Variation.TRUE_HOSTNAMES: lambda _, good: rerun.with_true_hostnames(good),
    Variation.ONE_HOST: lambda _, good: rerun.on_one_host(good),
    Variation.FEW_OBJECTS: lambda _, good: rerun.with_fewer_objects(good),
    Variation.PEER_FAILS: lambda _, good: rerun.with_a_failing_peer(good),
    Variation.CUT_OFF: lambda _, good: rerun.with_a_peer_cut_off(good),
    Variation.OVERRIDDEN: rerun.overridden,
    Variation.OVERRIDDEN_BOTH: rerun.overridden_both,
    Variation.STAND_IN: rerun.with_stand_in,
    Variation.THROTTLED: lambda _, good: rerun.throttled(good),
    Variation.STOPPED_EARLY: lambda _, good: stops.stopped_early(good),
    Variation.STOPPED_BY_SIGINT: lambda _, good: stops.stopped(good),
    Variation.STOPPED_BY_SIGTERM: lambda _, good: stops.stopped(good),
}
"""Runs that depend on the undisturbed one, and what they derive from it."""

WAITING = frozenset({Variation.PEER_FAILS, Variation.CUT_OFF})
"""Runs in which a host is awaited in vain, for as long as the others have patience: a minute, and hardly any work."""

BY_THEMSELVES = frozenset({Variation.DEFAULT_COMMAND, Variation.LOOK_AT_GPUS})
"""Runs that are independent of the undisturbed one."""


def request_of(variation: Variation, request: JobRequest | None, *, image: str, aws: bool, gpu: Choice) -> JobRequest:
    """The request that a run is made with; raises `DoesNotApply` if it would show nothing.

    `image` is the reference of the image, `aws` says whether jobs have one, and `gpu` is `--image-gpu`.
    """
    if variation is Variation.DEFAULT_COMMAND or request is None:
        request = default_command_request(image)
    if variation.of_several_hosts and request.instance_count == 1:
        raise DoesNotApply("the request has one host")
    if variation.needs_aws and not aws:
        raise DoesNotApply(NO_AWS)
    if variation is Variation.CALLS_OF_ISOLATED and not request.is_isolated:
        raise DoesNotApply("the request does not set EnableNetworkIsolation")
    if variation is not Variation.LOOK_AT_GPUS:
        return request
    if not wants(request, gpu):
        raise DoesNotApply(f"{request.instance_type} has no GPU")
    return to_look(request)
