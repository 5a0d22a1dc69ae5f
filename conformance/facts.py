"""Facts: what an author may want to know and no rule asks for. Reports list them, and nobody judges them."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.evidence import end_of, failed_by_itself, some_of
from conformance.gpu import VISIBLE_DEVICES, Means
from conformance.image import Image
from conformance.job import Variation
from conformance.outcome import Host, Outcome, Stop

FRAMEWORK_PROCESSOR = ("/bin/bash", "tar", "gzip", "python3")
"""What the script needs that `FrameworkProcessor` of the SageMaker Python SDK starts: `/bin/bash runproc.sh`."""


def of_image(image: Image) -> Iterator[str]:
    """Whether the SDK's processors that bring a script of their own find what they start it with."""
    if not len(image.files):
        return
    lacking = [word for word in FRAMEWORK_PROCESSOR if image.executable(word).file is None]
    if "python3" in lacking:
        yield "ScriptProcessor cannot use it with command=['python3']: it has no python3"
    if lacking:
        yield f"FrameworkProcessor cannot use it: it has no {', no '.join(lacking)}"


def of_outcome(outcome: Outcome) -> Iterator[str]:
    """What a run left where nobody looks, how it ended without a GPU, and how a program took a signal very early."""
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
                f"{host.name} changed {len(host.changed)} files outside of /opt/ml, which are lost with it: "
                f"{some_of(list(host.changed))}"
            )
        # Without a signal it was the suite that had seen enough.
        if host.stop is not None and host.stop.signal:
            yield _of_stop(outcome, host, host.stop)


def _of_stop(outcome: Outcome, host: Host, stop: Stop) -> str:
    how = "was ended by SIGKILL" if stop.killed else f"exited with {host.exit_code}"
    if outcome.variation is Variation.STOPPED_EARLY:
        return f"{host.name} got {stop.signal} at its very beginning and {how} {stop.seconds:.1f} s later"
    left = sum(len(outcome.written(host, output)) for output in outcome.request.outputs)
    message = "a message" if host.message is not None else "no message"
    return (
        f"{host.name} got {stop.signal} in the middle of its work and {how} {stop.seconds:.1f} s later, with {left} "
        f"file{'' if left == 1 else 's'} in its outputs and {message}"
    )
