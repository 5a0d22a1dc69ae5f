"""What all hosts of a run have in common: how they are run, under which conditions, and until when."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from dataclasses import dataclass
from signal import Signals as SignalNumber

from conformance.aws.provider import Provider
from conformance.files.archive import OF_ROOT, Rights
from conformance.image.account import user_id
from conformance.image.image import Image
from conformance.job.conditions import AS_CHOSEN, Conditions, Lifted
from conformance.job.objects import Objects
from conformance.job.request import JobRequest
from conformance.job.standin import RUN_SECONDS, TRIAL_SECONDS, StandIn
from conformance.job.variation import DEFAULT_COMMAND_SECONDS, Variation
from conformance.outcome.gpu import DRIVER_LIBRARY, NO_GPUS, Gpus, Means
from conformance.outcome.outcome import End
from conformance.probe.bundle import halt_at_work, look_at_gpus, words
from conformance.service import calls, command, documents, play
from conformance.service.disks import Disks
from conformance.service.ending import Limits
from conformance.service.engine import Engine
from conformance.service.live import Live
from conformance.service.peers.neighbours import FOUND_HOSTS
from conformance.service.peers.network import Place
from conformance.service.role import Probe
from conformance.service.settings import Settings

FAILING_AFTER_MILLISECONDS = 1_000
"""When a host that is to fail does: others have found it by then, or are waiting for it."""

STARTS = 8
"""How many containers an engine is asked to start at a time: with more it starts none of them sooner, and Docker 20.10
loses count of those on a network when it starts a hundred, and then never removes that."""


@dataclass(frozen=True)
class Surroundings:
    """What all runs of a service have in common: its engine, what S3 holds, its choices, the labels of its things.

    `with_files` returns an image with the names of its files, for which it may have to wait. `aws` makes what jobs
    reach of AWS, None where they reach nothing.
    """

    engine: Engine
    objects: Objects | None
    settings: Settings
    labels: dict[str, str]
    with_files: Callable[[Image], Image]
    aws: Provider | None = None

    @functools.cached_property
    def starting(self) -> threading.Semaphore:
        """What is held while a host's container is started; see `STARTS`."""
        return threading.BoundedSemaphore(STARTS)

    @functools.cached_property
    def disks(self) -> Disks:
        """How much of the engine's disk its containers take."""
        return Disks(self.engine)


@dataclass(frozen=True)
class Plan:
    """What all hosts of one run have in common; `untraced` says why they are not traced, where they are not.

    `stand_in` is the file in whose place the probe is, and `played` the program whose part it plays.
    `cut_off_after_seconds` is when the last one is cut from the network. `programs` are the inputs that bring the
    program. `stop_at_work` is the command at whose work the hosts are stopped; see `Service.run`.
    `reaches_aws` says that the containers reach an AWS of the suite's; see `conformance.service.calls`. `live`
    is there where somebody attends the run.
    """

    image: Image
    request: JobRequest
    variation: Variation
    limits: Limits
    untraced: str = ""
    stand_in: str = ""
    played: StandIn | None = None
    cut_off_after_seconds: float | None = None
    hosts: tuple[str, ...] = ("algo-1",)
    gpus: Gpus = NO_GPUS
    programs: frozenset[str] = frozenset()
    conditions: Conditions = AS_CHOSEN
    stop_at_work: tuple[str, ...] | None = None
    live: Live | None = None
    reaches_aws: bool = False

    @property
    def argv(self) -> tuple[str, ...]:
        """The command of every host's container."""
        return command.argv(self.image, self.request)

    @property
    def awaits(self) -> str:
        """The line of a plan by which the program of a host waits until it is let begin; empty where it does not.

        It asks for its AWS, or in a job of many hosts for the others, which no engine starts all at once.
        """
        held = self.reaches_aws or len(self.hosts) > FOUND_HOSTS
        if not held or self.stand_in or self.variation in calls.WITHOUT_AWS:
            return ""
        return calls.awaits(len(self.hosts))

    @property
    def halt(self) -> str:
        """The line of the tracer's plan by which it halts all processes at their work; empty where they are not."""
        if not self.limits.at_work:
            return ""
        passed = [item.local_path for item in self.request.inputs if item.name in self.programs]
        return halt_at_work(SignalNumber[self.limits.signal], self.stop_at_work or (), passed)

    def documents(self, place: Place, settings: Settings) -> dict[str, bytes]:
        """The two JSON files that a host finds below /opt/ml/config, by path."""
        return documents.of_host(
            place.host,
            self.hosts,
            self.request,
            self.variation,
            region=settings.region,
            more=Lifted.MEMBERS in self.conditions.lifted,
            interface=documents.ETHERNET if place.is_connected else documents.LOOPBACK,
        )

    def probe(self, *, fails: bool) -> Probe:
        """What the probe does in a host's container; one that `fails` has it in the place of its program."""
        if fails:
            return Probe(lines=(words("sleep", FAILING_AFTER_MILLISECONDS), words("exit", 1)))
        if self.variation is Variation.LOOK_AT_GPUS:
            return Probe(lines=(look_at_gpus(),))
        return Probe(
            () if self.untraced else self.argv,
            self.stand_in,
            tuple(play.lines(self.request, self.variation)) if self.played else (),
            mapped=DRIVER_LIBRARY if self.gpus.means is not Means.NONE else "",
            command=self.played.command if self.played else (),
            halt=self.halt,
            awaits=self.awaits,
            awaiting_argv=self.argv if self.awaits and self.untraced else (),
        )

    @property
    def rights(self) -> Rights:
        """Whom what the service puts below /opt/ml belongs to."""
        if Lifted.OWNERS not in self.conditions.lifted:
            return OF_ROOT
        # A program may have become another user by itself, so that the owner alone would not do.
        return Rights(0o777, 0o666, uid=user_id(self.image) or 0)


def limits(
    settings: Settings,
    request: JobRequest,
    variation: Variation,
    stop_after_seconds: float | None,
    *,
    at_work: bool = False,
) -> Limits:
    """How long the containers of a run may take, and what ends them then."""
    signal = settings.stop_signal
    if stop_after_seconds is not None:
        return Limits(stop_after_seconds, End.STOPPED, variation.stop_signal, at_work=at_work)
    if variation in {Variation.DEFAULT_COMMAND, Variation.START}:
        return Limits(DEFAULT_COMMAND_SECONDS, End.SUITE_LIMIT)
    if request.is_own:
        seconds = TRIAL_SECONDS if request.is_tried and variation is Variation.AS_REQUESTED else RUN_SECONDS
        return Limits(min(seconds, settings.time_limit_seconds), End.SUITE_LIMIT, signal)
    if request.max_runtime_seconds <= settings.time_limit_seconds:
        return Limits(request.max_runtime_seconds, End.MAX_RUNTIME, signal)
    return Limits(settings.time_limit_seconds, End.SUITE_LIMIT, signal)
