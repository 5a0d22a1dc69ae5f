"""The jobs that checks need, as values: how each run differs from the user's request."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from conformance.job.request import JobRequest


class Variation(StrEnum):
    """How a run differs from the user's request."""

    AS_REQUESTED = "as requested"
    """The user's request, unchanged."""
    EMPTY_INPUTS = "empty inputs"
    """The same request, but each input is an empty directory, unless it contains the program."""
    DEFAULT_COMMAND = "default command"
    """A request by the suite that overrides nothing and has neither inputs nor outputs."""
    CORRUPT_INPUTS = "corrupt inputs"
    """The same request, but each object contains `CORRUPT_CONTENT`, unless its input contains the program."""
    UNKNOWN_MEMBERS = "unknown members"
    """The same request, but both configuration files have undocumented members, some of them null."""
    SEPARATE_MOUNTS = "separate mounts"
    """The same request, but each input and output is its own volume."""
    OWN_RESERVED = "its own /opt/ml"
    """The same request, but the files that the image ships below /opt/ml are kept."""
    EMPTY_TMP = "an empty /tmp"
    """The same request, but without the files that the image ships in /tmp."""
    OVERRIDDEN = "without ENTRYPOINT"
    """The same request, but ContainerEntrypoint names the program that does the work."""
    OVERRIDDEN_BOTH = "without ENTRYPOINT, with arguments"
    """The same with ContainerArguments beside it, which only a stand-in for the program takes in any image."""
    ONE_HOST = "one host"
    """The same request on one host."""
    LATE_NAMES = "late names"
    """The same request, but names of other hosts only resolve after some queries and some seconds."""
    LATE_START = "late start"
    """The same request, but the last host starts some seconds after the others."""
    RENAMED_HOSTS = "renamed hosts"
    """The same request, but the hosts have names other than `algo-1` and so on."""
    TRUE_HOSTNAMES = "true hostnames"
    """The same request, but each container's hostname is the name of its host."""
    FEW_OBJECTS = "fewer objects than hosts"
    """The same request, but each sharded input has only one object."""
    PEER_FAILS = "a peer fails"
    """The same request, but the last host is replaced by one that exits with 1."""
    CUT_OFF = "a peer is cut off"
    """The same request, but the last host is disconnected from the network half-way; informational."""
    STAND_IN = "stand-in"
    """Additional arguments and variables, with the probe instead of the program that does the work."""
    LOOK_AT_GPUS = "a look at the GPU"
    """One container of the request, in which the probe looks for a GPU instead of running the command."""
    STOPPED_BY_SIGINT = "stopped by SIGINT"
    """The user's request, stopped by SIGINT while running, and by SIGKILL after the grace period."""
    STOPPED_EARLY = "stopped early by SIGINT"
    """The same as soon as it has started; informational."""
    STOPPED_BY_SIGTERM = "stopped by SIGTERM"
    """The same with SIGTERM."""
    THROTTLED = "a call that is throttled"
    """The same request, but the first call of AWS is answered that there are too many."""
    CALLS_OF_ISOLATED = "an AWS beside isolation"
    """The same request, but AWS can be reached although the request isolates its containers from it."""
    START = "a start"
    """The suite's own request, with the image's own program, which is only observed as it starts."""

    @property
    def of_several_hosts(self) -> bool:
        """Whether it needs several hosts."""
        apart = {self.LATE_NAMES, self.LATE_START, self.RENAMED_HOSTS, self.PEER_FAILS, self.CUT_OFF}
        return self in {self.FEW_OBJECTS, *apart}

    @property
    def needs_aws(self) -> bool:
        """Whether it shows nothing where the job can reach no AWS."""
        return self in {self.THROTTLED, self.CALLS_OF_ISOLATED}

    @property
    def can_be_sent(self) -> bool:
        """Whether it is another request or other objects, which AWS takes too; all others change what is around it."""
        of_inputs = {self.EMPTY_INPUTS, self.CORRUPT_INPUTS, self.FEW_OBJECTS}
        return self in {self.AS_REQUESTED, self.DEFAULT_COMMAND, self.ONE_HOST, *of_inputs}

    @property
    def stop_signal(self) -> str:
        """The signal that stops this run; empty if none does."""
        signals = {self.STOPPED_BY_SIGINT: "SIGINT", self.STOPPED_EARLY: "SIGINT", self.STOPPED_BY_SIGTERM: "SIGTERM"}
        return signals.get(self, "")


INPUT_MARKER = "confidential-c3f1a9d27e"
"""In no object of the user, so a program that repeats it repeats the content of an input."""

CORRUPT_CONTENT = b"\x80\x81\xfe\xff\0" + INPUT_MARKER.encode() + b"\0\xff\xfe\x81\x80"
"""Invalid for any reader of text, tables, archives or images."""


@dataclass(frozen=True)
class Job:
    """What a check needs to be run: one or more runs, whose outcomes its judge gets in this order.

    The last run shows a violation, so it is the one to reproduce.
    """

    name: str
    runs: tuple[Variation, ...]

    @property
    def needs_request(self) -> bool:
        """Whether it needs a request from the user."""
        return any(run is not Variation.DEFAULT_COMMAND for run in self.runs)


AS_REQUESTED = Job("as-requested", (Variation.AS_REQUESTED,))
EMPTY_INPUTS = Job("empty-inputs", (Variation.AS_REQUESTED, Variation.EMPTY_INPUTS))
CORRUPT_INPUTS = Job("corrupt-inputs", (Variation.AS_REQUESTED, Variation.EMPTY_INPUTS, Variation.CORRUPT_INPUTS))
UNKNOWN_MEMBERS = Job("unknown-members", (Variation.AS_REQUESTED, Variation.UNKNOWN_MEMBERS))
SEPARATE_MOUNTS = Job("separate-mounts", (Variation.AS_REQUESTED, Variation.SEPARATE_MOUNTS))
RESERVED_REPLACED = Job("reserved-replaced", (Variation.OWN_RESERVED, Variation.AS_REQUESTED))
HOSTNAMES = Job("hostnames", (Variation.OWN_RESERVED, Variation.TRUE_HOSTNAMES, Variation.AS_REQUESTED))
TRUE_HOSTNAMES = Job("true-hostnames", (Variation.TRUE_HOSTNAMES, Variation.AS_REQUESTED))
ONE_HOST = Job("one-host", (Variation.AS_REQUESTED, Variation.ONE_HOST))
LATE_NAMES = Job("late-names", (Variation.AS_REQUESTED, Variation.LATE_NAMES))
LATE_START = Job("late-start", (Variation.AS_REQUESTED, Variation.LATE_START))
RENAMED_HOSTS = Job("renamed-hosts", (Variation.AS_REQUESTED, Variation.RENAMED_HOSTS))
FEW_OBJECTS = Job("few-objects", (Variation.AS_REQUESTED, Variation.FEW_OBJECTS))
PEER_FAILS = Job("peer-fails", (Variation.AS_REQUESTED, Variation.CUT_OFF, Variation.PEER_FAILS))
EMPTY_TMP = Job("empty-tmp", (Variation.AS_REQUESTED, Variation.EMPTY_TMP))
OVERRIDDEN = Job("overridden", (Variation.AS_REQUESTED, Variation.OVERRIDDEN_BOTH, Variation.OVERRIDDEN))
STAND_IN = Job("stand-in", (Variation.AS_REQUESTED, Variation.STAND_IN))
LOOK_AT_GPUS = Job("look-at-gpus", (Variation.LOOK_AT_GPUS,))
GPUS_AT_WORK = Job("gpus-at-work", (Variation.LOOK_AT_GPUS, Variation.AS_REQUESTED))
DEFAULT_COMMAND = Job("default-command", (Variation.DEFAULT_COMMAND,))
STOPPED_BY_SIGINT = Job("stopped-by-sigint", (Variation.AS_REQUESTED, Variation.STOPPED_BY_SIGINT))
STOPS_BY_SIGINT = Job("stops-by-sigint", (Variation.AS_REQUESTED, Variation.STOPPED_EARLY, Variation.STOPPED_BY_SIGINT))
STOPPED_BY_SIGTERM = Job("stopped-by-sigterm", (Variation.AS_REQUESTED, Variation.STOPPED_BY_SIGTERM))

THROTTLED = Job("throttled", (Variation.AS_REQUESTED, Variation.THROTTLED))
CALLS_OF_ISOLATED = Job("calls-of-isolated", (Variation.AS_REQUESTED, Variation.CALLS_OF_ISOLATED))

DEFAULT_COMMAND_SECONDS = 2
"""How long the default command runs, and the image's own program: only whether and how they start is checked."""


def default_command_request(image_uri: str) -> JobRequest:
    """The suite's own request: the image's ENTRYPOINT and CMD, no inputs, no outputs, one host."""
    return JobRequest(
        {
            "ProcessingJobName": "default-command",
            "AppSpecification": {"ImageUri": image_uri},
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
            },
            "RoleArn": "arn:aws:iam::123456789012:role/processing",
            "StoppingCondition": {"MaxRuntimeInSeconds": DEFAULT_COMMAND_SECONDS},
        },
        source="the suite's own request",
    )
