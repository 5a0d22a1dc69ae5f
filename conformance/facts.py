"""Facts: what an author may want to know and no rule asks for. Reports list them, and nobody judges them."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.evidence import end_of, some_of
from conformance.image import Image
from conformance.job import Variation
from conformance.outcome import End, Host, JobStatus, Outcome, Stop

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
    """What a run left where nobody looks, how a program took a signal, and how hosts took the silence of another."""
    if outcome.variation is Variation.CUT_OFF:
        yield _of_silence(outcome)
    for host in outcome.hosts:
        if host.changed:
            yield (
                f"{host.name} changed {len(host.changed)} files outside of /opt/ml, which are lost with it: "
                f"{some_of(list(host.changed))}"
            )
        # Without a signal it was the suite that had seen enough.
        if host.stop is not None and host.stop.signal:
            yield _of_stop(outcome, host, host.stop)


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
    status = f"; the job {outcome.status}" if outcome.status is not JobStatus.STOPPED else ""
    return f"{peer.name} was cut from the network after {peer.cut_off_seconds:.1f} s: {', '.join(ends)}{status}"


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
