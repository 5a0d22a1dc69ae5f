"""Informational facts: what an author may want to know although no rule requires it. Reports list them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from conformance.image.gpu.driver import compatibility_on_path, is_gpu_image
from conformance.image.gpu.requirement import BRANCHES, Driver, requirements
from conformance.image.gpu.variables import VISIBLE_DEVICES
from conformance.image.image import Image
from conformance.job.variation import Variation
from conformance.outcome.gpu import Means, Utilization
from conformance.outcome.outcome import End, Host, JobStatus, Outcome, Stop
from conformance.rule.evidence import did_its_work, end_of, failed_by_itself, some_of, succeeded

SHOWN_WORDS = 6
"""How many words of a command line a fact has."""

FRAMEWORK_PROCESSOR = ("/bin/bash", "tar", "gzip", "python3")
"""The programs that `FrameworkProcessor` of the SageMaker Python SDK needs for `/bin/bash runproc.sh`."""


def of_image(image: Image) -> Iterator[str]:
    """What the SDK's processors need and the image lacks, and what the image requires of a GPU host."""
    if not len(image.files):
        return
    lacking = [word for word in FRAMEWORK_PROCESSOR if image.executable(word).file is None]
    if "python3" in lacking:
        yield "ScriptProcessor with command=['python3'] needs python3, which this image lacks"
    if lacking:
        yield f"FrameworkProcessor needs {_listed(lacking)}, which this image lacks"
    if is_gpu_image(image):
        yield from _of_gpus(image)


def _of_gpus(image: Image) -> Iterator[str]:
    """What determines on which hosts CUDA works, which AWS does not document for Processing."""
    if "NVIDIA_VISIBLE_DEVICES" not in image.environment and "CUDA_VERSION" not in image.environment:
        yield "NVIDIA_VISIBLE_DEVICES is not set: the container gets a GPU only if the host requests one"
    for place in compatibility_on_path(image):
        yield (
            f"{place.named_by} contains {place.directory}: its forward-compatibility libraries take precedence over "
            "the host's driver, even a newer one"
        )
    yield from _of_requirements(image)


def _of_requirements(image: Image) -> Iterator[str]:
    """The drivers with which a container starts; the toolkit refuses the others."""
    asked = requirements(image.environment)
    for name, requirement in asked.items():
        if requirement.unread:
            yield (
                f"{name} has terms that NVIDIA's toolkit does not understand, so the container may not start: "
                f"{some_of([repr(term) for term in requirement.unread])}"
            )
    if asked and not any(requirement.unread for requirement in asked.values()):
        held = [driver for driver in BRANCHES if all(requirement.holds(driver) for requirement in asked.values())]
        short = [driver for driver in BRANCHES if driver not in held]
        allows = f"{' and '.join(asked)} {'allows' if len(asked) == 1 else 'allow'}"
        drivers = f"drivers {_branches(held)}" if held else "none of the known drivers"
        yield f"{allows} {drivers}{f', but not {_branches(short)}' if held and short else ''}"


def _branches(drivers: Sequence[Driver]) -> str:
    return ", ".join(f"{driver.branch} (CUDA {driver.cuda})" for driver in drivers)


def of_outcome(outcome: Outcome) -> Iterator[str]:
    """What a run wrote outside /opt/ml or did not read, and how it handled a missing GPU, a signal or a lost peer."""
    if outcome.variation is Variation.CUT_OFF:
        yield _of_silence(outcome)
    if outcome.request.is_own and outcome.variation is Variation.AS_REQUESTED:
        yield _of_own_request(outcome)
    yield from _of_overrides(outcome)
    yield from _of_trials(outcome)
    said = outcome.request.environment.get(VISIBLE_DEVICES)
    if said is not None and outcome.variation is Variation.AS_REQUESTED:
        yield f"the request sets {VISIBLE_DEVICES} to {said!r}"
    if outcome.utilization is not None and outcome.variation is Variation.AS_REQUESTED:
        yield _of_utilization(outcome.utilization)
    yield from _of_calls(outcome)
    lacks = outcome.gpus.wanted and outcome.gpus.means is Means.NONE
    for host in outcome.hosts if lacks and outcome.variation is Variation.AS_REQUESTED else ():
        if failed_by_itself(host):
            yield f"without a GPU, {host.name} {end_of(host)}"
    for host in outcome.hosts:
        if host.changed:
            yield (
                f"{host.name} wrote {_files(len(host.changed))} outside /opt/ml; lost with the container: "
                f"{some_of(list(host.changed))}"
            )
        yield from (
            f"{host.name} read {feed.read:,} of {feed.size:,} bytes from {feed.path}"
            for feed in host.feeds
            if feed.read < feed.size
        )
        # Without a signal it was the suite that stopped it early.
        if host.stop is not None and host.stop.signal and not outcome.request.is_own:
            yield _of_stop(outcome, host, host.stop)


def _of_calls(outcome: Outcome) -> Iterator[str]:
    """What the job called of AWS, and what it put into S3 by itself."""
    made = outcome.calls
    if made is None or outcome.variation is not Variation.AS_REQUESTED:
        return
    count = len(made.of_aws) + made.more
    if not count:
        yield "the job made no calls of AWS"
        return
    often = Counter(f"{call.service}:{call.operation}" for call in made.of_aws).most_common()
    named = [operation if times == 1 else f"{operation} ({times} times)" for operation, times in often]
    yield f"the job made {'1 call' if count == 1 else f'{count} calls'} of AWS: {some_of(named)}"
    yield from made.refused
    for host in outcome.hosts:
        written = [call.written for call in made.of_aws if call.host == host.name and call.written]
        if written:
            yield f"{host.name} put {_objects(written)} into S3 itself: {some_of(list(dict.fromkeys(written)))}"


def _objects(uris: Sequence[str]) -> str:
    count = len(set(uris))
    return "1 object" if count == 1 else f"{count} objects"


def _of_utilization(found: Utilization) -> str:
    return (
        f"GPUs of this machine: GPUUtilization {found.mean:.0f} % on average and {found.most:.0f} % at most, "
        f"GPUMemoryUtilization {found.memory:.0f} % at most"
    )


def _of_own_request(outcome: Outcome) -> str:
    """What was run where there is no job."""
    if outcome.stand_in is not None:
        return (
            f"without a job, the suite's own program ran in place of {outcome.stand_in.path}, to check what comes "
            "before it"
        )
    request = outcome.request
    read, written = ([item.local_path for item in items] for items in (request.inputs, request.outputs))
    asked = f"a request of the suite's own, from {some_of(read)} to {some_of(written)}"
    if did_its_work(outcome):
        return f"without a job, the image's own program did {asked}, and was checked with that"
    host = outcome.hosts[0]
    how = "wrote nothing to an output" if succeeded(outcome) else end_of(host)
    return f"without a job, the image's own program tried {asked}, but {how}: only what holds of any run was checked"


OVERRIDES = {
    Variation.AS_REQUESTED: "with neither ContainerEntrypoint nor ContainerArguments",
    Variation.STAND_IN: "with 100 ContainerArguments",
    Variation.OVERRIDDEN: "with a ContainerEntrypoint",
    Variation.OVERRIDDEN_BOTH: "with a ContainerEntrypoint and ContainerArguments",
}
"""The overrides of a request in the runs that show what a wrapper makes of them."""


def _of_overrides(outcome: Outcome) -> Iterator[str]:
    """What a stand-in behind a wrapper was started with."""
    part = outcome.stand_in
    if part is None or not part.is_wrapped or outcome.variation not in OVERRIDES:
        return
    for host in outcome.hosts:
        for witness in host.witnesses[-1:]:
            shown = [repr(word) for word in witness.argv]
            more = f" and {len(shown) - SHOWN_WORDS} more" if shown[SHOWN_WORDS:] else ""
            yield f"{OVERRIDES[outcome.variation]}, the program gets {', '.join(shown[:SHOWN_WORDS])}{more}"


def _of_trials(outcome: Outcome) -> Iterator[str]:
    """Why the job failed at first, where that does not affect its verdicts."""
    failed = [trial for trial in outcome.trials if not trial.succeeded]
    if not failed or outcome.unsteady or not any(trial.succeeded for trial in outcome.trials):
        return
    if outcome.conditions.lifted:
        lifted = " and ".join(sorted(str(choice) for choice in outcome.conditions.lifted))
        yield f"{failed[0].said}; it succeeds with {lifted}, which all further runs have too"
    elif not outcome.conditions.traced:
        yield f"with the tracer {failed[0].said}; without it the job succeeds, so its processes were not traced"
    else:
        yield f"alongside other runs {failed[0].said}; run alone, the job succeeds"


def _of_silence(outcome: Outcome) -> str:
    """Each host's seconds count from its own start."""
    peer = outcome.hosts[-1]
    if peer.cut_off_seconds is None:
        return f"{peer.name} ended after {peer.seconds:.1f} s, before it could be disconnected from the network"
    ends = [
        f"{host.name} was still running after {host.seconds:.1f} s, when the suite stopped it"
        if host.end in {End.STOPPED, End.MAX_RUNTIME, End.SUITE_LIMIT}
        else f"{host.name} exited with code {host.exit_code} after {host.seconds:.1f} s"
        if host.end is End.EXITED
        else f"{host.name} {end_of(host)}"
        for host in outcome.hosts
    ]
    # How a job would have ended that had to be stopped is not known.
    status = (
        f"; job status: {outcome.status}" if outcome.status not in {JobStatus.STOPPED, JobStatus.IN_PROGRESS} else ""
    )
    return (
        f"{peer.name} was disconnected from the network after {peer.cut_off_seconds:.1f} s: {', '.join(ends)}{status}"
    )


def _of_stop(outcome: Outcome, host: Host, stop: Stop) -> str:
    how = "was killed by SIGKILL" if stop.killed else f"exited with code {host.exit_code}"
    if outcome.variation is Variation.STOPPED_EARLY:
        return f"{host.name} got {stop.signal} at start-up and {how} after {stop.seconds:.1f} s"
    left = sum(len(outcome.written(host, output)) for output in outcome.request.outputs)
    message = "a message" if host.message is not None else "no message"
    return (
        f"{host.name} got {stop.signal} while running and {how} after {stop.seconds:.1f} s, with "
        f"{_files(left)} in its outputs and {message}"
    )


def _listed(words: Sequence[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"
