"""Facts: what an author may want to know and no rule asks for. Reports list them, and nobody judges them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.image.gpu.driver import compatibility_on_path, is_gpu_image
from conformance.image.gpu.requirement import BRANCHES, Driver, requirements
from conformance.image.gpu.variables import VISIBLE_DEVICES
from conformance.image.image import Image
from conformance.job.variation import Variation
from conformance.outcome.gpu import Means
from conformance.outcome.outcome import End, Host, JobStatus, Outcome, Stop
from conformance.rule.evidence import end_of, failed_by_itself, some_of

FRAMEWORK_PROCESSOR = ("/bin/bash", "tar", "gzip", "python3")
"""What the script needs that `FrameworkProcessor` of the SageMaker Python SDK starts: `/bin/bash runproc.sh`."""


def of_image(image: Image) -> Iterator[str]:
    """What the SDK's processors that bring a script of their own would miss, and what an image asks of a GPU's host."""
    if not len(image.files):
        return
    lacking = [word for word in FRAMEWORK_PROCESSOR if image.executable(word).file is None]
    if "python3" in lacking:
        yield "ScriptProcessor cannot use it with command=['python3']: it has no python3"
    if lacking:
        yield f"FrameworkProcessor cannot use it: it has no {', no '.join(lacking)}"
    if is_gpu_image(image):
        yield from _of_gpus(image)


def _of_gpus(image: Image) -> Iterator[str]:
    """What decides on which hosts CUDA works, and AWS does not document for Processing."""
    if "NVIDIA_VISIBLE_DEVICES" not in image.environment and "CUDA_VERSION" not in image.environment:
        yield "NVIDIA_VISIBLE_DEVICES is not set: the container gets a GPU only where the host asks for one itself"
    for place in compatibility_on_path(image):
        yield (
            f"{place.named_by} names {place.directory}: its forward-compatibility libraries go before the host's "
            "driver, also where that is newer"
        )
    yield from _of_requirements(image)


def _of_requirements(image: Image) -> Iterator[str]:
    """Which drivers a container is started on; the toolkit refuses the others."""
    asked = requirements(image.environment)
    for name, requirement in asked.items():
        if requirement.unread:
            yield (
                f"{name} has what NVIDIA's toolkit does not understand, so that no container may start: "
                f"{some_of([repr(term) for term in requirement.unread])}"
            )
    if asked and not any(requirement.unread for requirement in asked.values()):
        held = [driver for driver in BRANCHES if all(requirement.holds(driver) for requirement in asked.values())]
        short = [driver for driver in BRANCHES if driver not in held]
        lets = f"{' and '.join(asked)} {'lets' if len(asked) == 1 else 'let'} the container start"
        where = f"on drivers {_branches(held)}" if held else "on no driver that is known here"
        yield f"{lets} {where}{f', and not on {_branches(short)}' if held and short else ''}"


def _branches(drivers: Sequence[Driver]) -> str:
    return ", ".join(f"{driver.branch} (CUDA {driver.cuda})" for driver in drivers)


def of_outcome(outcome: Outcome) -> Iterator[str]:
    """What a run left where nobody looks, or unread; how it took the want of a GPU, a signal, a host's silence."""
    if outcome.variation is Variation.CUT_OFF:
        yield _of_silence(outcome)
    yield from _of_trials(outcome)
    said = outcome.request.environment.get(VISIBLE_DEVICES)
    if said is not None and outcome.variation is Variation.AS_REQUESTED:
        yield f"the request itself sets {VISIBLE_DEVICES}, to {said!r}"
    lacks = outcome.gpus.wanted and outcome.gpus.means is Means.NONE
    for host in outcome.hosts if lacks and outcome.variation is Variation.AS_REQUESTED else ():
        if failed_by_itself(host):
            yield f"without a GPU, {host.name} {end_of(host)}"
    for host in outcome.hosts:
        if host.changed:
            yield (
                f"{host.name} changed {_files(len(host.changed))} outside of /opt/ml, lost with it: "
                f"{some_of(list(host.changed))}"
            )
        yield from (
            f"{host.name} read {feed.read:,} of {feed.size:,} bytes of {feed.path}"
            for feed in host.feeds
            if feed.read < feed.size
        )
        # Without a signal it was the suite that had seen enough.
        if host.stop is not None and host.stop.signal:
            yield _of_stop(outcome, host, host.stop)


def _of_trials(outcome: Outcome) -> Iterator[str]:
    """What was found out where the job failed at first, and does not stand in the way of its verdicts."""
    failed = [trial for trial in outcome.trials if not trial.succeeded]
    if not failed or outcome.unsteady or not any(trial.succeeded for trial in outcome.trials):
        return
    if outcome.conditions.lifted:
        lifted = " and ".join(sorted(str(choice) for choice in outcome.conditions.lifted))
        yield f"{failed[0].said}; it succeeds with {lifted}, and all further runs have that too"
    elif not outcome.conditions.traced:
        yield f"with the tracer {failed[0].said}; it succeeds without, so that its processes are not seen"
    else:
        yield f"beside other runs {failed[0].said}; it succeeds alone"


def _of_silence(outcome: Outcome) -> str:
    """Each host's seconds are from its own start."""
    peer = outcome.hosts[-1]
    if peer.cut_off_seconds is None:
        return f"{peer.name} ended after {peer.seconds:.1f} s, before it could be cut from the network"
    ends = [
        f"{host.name} was still running after {host.seconds:.1f} s, when the suite ended it"
        if host.end in {End.STOPPED, End.MAX_RUNTIME, End.SUITE_LIMIT}
        else f"{host.name} exited with {host.exit_code} after {host.seconds:.1f} s"
        if host.end is End.EXITED
        else f"{host.name} {end_of(host)}"
        for host in outcome.hosts
    ]
    # Of what had to be ended there is no telling what would have become.
    status = f"; the job {outcome.status}" if outcome.status not in {JobStatus.STOPPED, JobStatus.IN_PROGRESS} else ""
    return f"{peer.name} was cut from the network after {peer.cut_off_seconds:.1f} s: {', '.join(ends)}{status}"


def _of_stop(outcome: Outcome, host: Host, stop: Stop) -> str:
    how = "was ended by SIGKILL" if stop.killed else f"exited with {host.exit_code}"
    if outcome.variation is Variation.STOPPED_EARLY:
        return f"{host.name} got {stop.signal} at its very beginning and {how} {stop.seconds:.1f} s later"
    left = sum(len(outcome.written(host, output)) for output in outcome.request.outputs)
    message = "a message" if host.message is not None else "no message"
    return (
        f"{host.name} got {stop.signal} in the middle of its work and {how} {stop.seconds:.1f} s later, with "
        f"{_files(left)} in its outputs and {message}"
    )


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
