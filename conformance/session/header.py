"""What a session says of itself before it begins: the image, the engine, the contract, the profile and the jobs."""

from __future__ import annotations

import site
from collections.abc import Iterable
from pathlib import Path

import conformance
from conformance import CONTRACT_VERSION, text
from conformance.checks import load_checks
from conformance.job.gpu import Choice
from conformance.session.options import Options
from conformance.session.session import Session
from conformance.verdict.profiles import Profile


def lines(session: Session, profile: Profile, further: Iterable[str]) -> list[str]:
    """The lines of pytest's header; `further` is what else is to be said, such as what a configuration file sets."""
    image, service = session.found, session.service
    names = ", ".join(request.name for request in session.options.requests) or "none"
    told = [
        f"image {image.reference} ({image.digest}), {image.platform}",
        f"engine {session.services[-1].described()['engine']}",
        f"contract {CONTRACT_VERSION}, {len(load_checks())} checks, profile {profile.name}, job {names}",
        f"profile {profile.name} {profile.version}, sha256:{profile.sha256}",
        *(each for each in (*further, session.brought.told) if each),
        *_of_waivers(session.options),
        *_of_network(session.options),
    ]
    if emulates := service.emulates:
        told.append(f"the engine emulates x86_64 on {emulates}: no MUST is judged by what fails there")
    if unbounded := service.unbounded:
        told.append(f"the engine enforces no limit on {' or '.join(unbounded)}")
    if session.options.gpu is Choice.SIMULATED:
        told.append("the GPU is simulated, which cannot show that CUDA works")
    home = Path(conformance.__path__[0])
    if not any(home.is_relative_to(place) for place in site.getsitepackages()):
        told.append(f"{conformance.__version__} from {home}")
    return [text.line(f"conformance: {each}") for each in told]


def _of_waivers(chosen: Options) -> list[str]:
    """How many there are, since their file may be there without an option."""
    waivers = chosen.waivers
    return [f"{len(waivers.all)} in {waivers.source} may waive violations"] if waivers.source else []


def _of_network(chosen: Options) -> list[str]:
    """Which jobs have an outside network, if one was given."""
    if not chosen.network:
        return []
    isolated = [request.name for request in chosen.requests if request.is_isolated]
    told = [f"job containers are connected to network {chosen.network}"]
    if isolated:
        told.append(f"except those of {', '.join(isolated)}, which sets EnableNetworkIsolation")
    return told
