"""What the options of a session demand of the engine, and not every one can do."""

from __future__ import annotations

from conformance.errors import EngineError, UsageError
from conformance.job.gpu import Choice
from conformance.outcome.gpu import Gpus
from conformance.service.engine import Engine
from conformance.session.options import Options


def simulated_gpus(options: Options, engine: Engine) -> None:
    """Raise `UsageError` where a GPU is to be simulated and cannot be."""
    if options.gpu is Choice.SIMULATED and engine.maps_users:
        raise UsageError(
            f"--image-gpu=simulated: the Docker Engine {engine.maps_users}, where no device can be created",
            hint="--image-gpu=auto runs the jobs without a GPU",
        )


def real_gpus(found: Gpus) -> None:
    """Raise `EngineError` where GPUs are required and the engine has none to give."""
    if found.lack:
        raise EngineError(f"--image-gpu=require: {found.lack}", hint="--image-gpu=auto continues without one")


def names_on_both_networks(options: Options, engine: Engine, hosts: int) -> None:
    """Raise `UsageError` where several hosts are to have a network of the user's beside their own, and cannot."""
    if hosts > 1 and options.network and not engine.dialect.resolves_on_both:
        raise UsageError(
            f"--image-network: {engine} does not resolve names on a network beside that of several hosts",
            hint="set DOCKER_HOST to a Docker Engine, or check one host with --image-hosts=1",
        )
