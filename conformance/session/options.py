"""The command line, validated: every usage error. `pytest_sagemaker_processing.py` declares the options."""

from __future__ import annotations

import json
import os
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from conformance.aws.process import need_libraries
from conformance.certificate import product
from conformance.certificate.product import Product
from conformance.checks import load_checks
from conformance.errors import UsageError
from conformance.job import forms
from conformance.job.gpu import Choice
from conformance.job.inputs import find_inputs
from conformance.job.objects import ObjectTree
from conformance.job.request import MOST_HOSTS, JobRequest
from conformance.job.standin import OBJECTS, script_request
from conformance.job.validation import load
from conformance.reports import directory, dockerfile
from conformance.reports.dockerfile import Dockerfile
from conformance.session import limits, onaws
from conformance.session.onaws import OnAws
from conformance.verdict import waiverfile
from conformance.verdict.profiles import Profile, Scope, reading, scope_named, scope_of
from conformance.verdict.waivers import NO_WAIVERS, Waivers

LONGEST_SECONDS = 86_400.0
"""A day: what is still on the engine after that counts as left behind."""

DEMANDS = {
    Scope.IMAGE: "an image",
    Scope.PROCESSING: "a job",
    Scope.SCRIPT: "--image-script",
    Scope.DISTRIBUTED_SCRIPT: "--image-script with several hosts",
    Scope.DISTRIBUTED: "a job with several hosts",
    Scope.GPU: "a job whose InstanceType has GPUs",
    Scope.DISTRIBUTED_GPU: "a job with several hosts whose InstanceType has GPUs",
}
"""What `--image-profile` may demand of a session, and what that needs."""


@dataclass(frozen=True)
class Options:
    """The validated command line; a session without `--image` has none."""

    image: str
    requests: tuple[JobRequest, ...]
    objects: ObjectTree | None
    report: Path
    timeout_seconds: float
    grace_seconds: float
    strict: bool
    keep: bool
    gpu: Choice
    network: str = ""
    limits: Mapping[str, Any] = field(default_factory=dict)
    aws: bool = False
    hosts: int | None = None
    profile: Profile | None = None
    waivers: Waivers = NO_WAIVERS
    on_aws: OnAws | None = None
    dockerfile: Dockerfile | None = None
    product: Product | None = None
    no_cache: bool = False

    @property
    def uses_cache(self) -> bool:
        """Whether lists of files may be kept: what is certified rests on nothing that lay in a directory."""
        return not self.no_cache and self.product is None

    @property
    def judged_by(self) -> Profile:
        """The profile of a house's own, or else that of the suite which follows from the jobs."""
        if self.profile is not None and scope_named(self.profile.name) is None:
            return self.profile
        return reading.own(scope_of(self.requests, self.gpu), load_checks())


def read(config: pytest.Config) -> Options:
    """Read and validate the options.

    Raises:
        UsageError: an option is invalid; nothing has been started or written, but earlier reports are removed.
        RequestError: the service would reject a job request.
    """
    report = _report(config)
    if not config.pluginmanager.has_plugin("junitxml"):
        raise UsageError("-p no:junitxml: expected pytest's JUnit plugin, which writes junit.xml, but it is disabled")
    reference = _image(config.getoption("--image"))
    timeout, grace = _seconds(config, "--image-timeout"), _seconds(config, "--image-grace")
    where = config.invocation_params.dir
    tree = config.getoption("--image-s3")
    objects = None if tree is None else ObjectTree.given(tree, "--image-s3", where=where)
    requests = _requests([_file(where, name) for name in config.getoption("--image-job")], objects)
    script = config.getoption("--image-script")
    if script is not None:
        requests, objects = _script(reference, str(script), given=bool(requests or objects))
    chosen = Options(
        image=reference,
        requests=requests,
        objects=objects,
        report=report,
        timeout_seconds=timeout,
        grace_seconds=grace,
        strict=bool(config.getoption("--image-strict")),
        keep=bool(config.getoption("--image-keep")),
        no_cache=bool(config.getoption("--image-no-cache")),
        network=_network(config),
        limits=limits.read(config.getoption("--image-limit"), config.getoption("--image-runtime")),
        aws=_aws(config),
        gpu=_gpu(str(config.getoption("--image-gpu"))),
        hosts=_hosts(config.getoption("--image-hosts")),
        waivers=_waivers(config),
        profile=_profile(where, config.getoption("--image-profile")),
        on_aws=onaws.read(config),
        dockerfile=_dockerfile(where, config.getoption("--image-dockerfile")),
        product=_product(where, config.getoption("--image-certify")),
    )
    # The image may bring a job.
    return settled(chosen) if requests else chosen


def settled(options: Options) -> Options:
    """The options once it is known which jobs there are.

    Raises:
        UsageError: one of them does not fit these jobs, or needs one.
    """
    requests = options.requests
    if options.on_aws is not None and not requests:
        raise UsageError("--image-service=aws: expected a job, but there is none", hint="pass --image-job=FILE")
    if options.on_aws is not None and options.gpu is not Choice.AUTO:
        raise UsageError(f"--image-gpu={options.gpu}: on AWS the InstanceType of a job decides on its GPUs")
    named = {"--image-hosts": options.hosts, f"--image-gpu={options.gpu}": options.gpu != Choice.AUTO or None}
    for name in (name for name, said in named.items() if said is not None and not requests):
        raise UsageError(f"{name}: expected a job, but there is none", hint="pass --image-job=FILE")
    if options.hosts is not None:
        requests = tuple(request.on_hosts(options.hosts) for request in requests)
    _demand(options.profile, scope_of(requests, options.gpu), aws=options.aws)
    return replace(options, requests=requests)


def _demand(profile: Profile | None, found: Scope, *, aws: bool) -> None:
    if profile is not None and not found.includes(profile.scope):
        raise UsageError(
            f"--image-profile={profile.name}: expected {DEMANDS[profile.scope]}, but the profile of this session is "
            f"{found}",
            hint="pass --image-job=FILE" if found is Scope.IMAGE else "",
        )
    # Without an AWS, these do not apply, so that nobody would miss their results.
    of_aws = [check for check in profile.since if check.startswith("aws.")] if profile is not None else []
    if of_aws and profile is not None and scope_named(profile.name) is None and not aws:
        raise UsageError(f"--image-profile={profile.name}: expected --image-aws, since it requires {of_aws[0]}")


def _image(given: Sequence[str]) -> str:
    if len(given) > 1:
        raise UsageError(f"--image: expected one image, got {len(given)}: {', '.join(given)}")
    reference = given[0].strip()
    if not reference or reference.startswith("-"):
        raise UsageError(f"--image: expected an image reference or id, got {reference!r}")
    return reference


def _network(config: pytest.Config) -> str:
    network = config.getoption("--image-network")
    # Only the engine knows whether the network exists.
    if network is not None and not str(network).strip():
        raise UsageError("--image-network: expected the name of a Docker network, got an empty string")
    return str(network or "").strip()


def _aws(config: pytest.Config) -> bool:
    if not config.getoption("--image-aws"):
        return False
    need_libraries()
    return True


def _seconds(config: pytest.Config, option: str) -> float:
    seconds = float(config.getoption(option))
    if not 0 < seconds < LONGEST_SECONDS:
        raise UsageError(
            f"{option}: expected a number of seconds above 0 and below {LONGEST_SECONDS:g}, got {seconds:g}"
        )
    return seconds


def _requests(paths: Sequence[Path], objects: ObjectTree | None) -> tuple[JobRequest, ...]:
    if not paths:
        return ()
    requests = tuple(load(path) for path in paths)
    for name, count in Counter(request.name for request in requests).items():
        if count > 1:
            raise UsageError(f"--image-job: expected each ProcessingJobName to be unique, got {name!r} {count} times")
    for request in requests:
        find_inputs(request, objects)
    return requests


def _file(where: Path, name: str) -> Path:
    if fault := forms.of_name(name):
        raise UsageError(f"--image-job: {fault}")
    return where / name


def _script(image: str, command: str, *, given: bool) -> tuple[tuple[JobRequest, ...], ObjectTree]:
    if given:
        raise UsageError("--image-script: expected no --image-job or --image-s3, since the suite has a job of its own")
    try:
        request = script_request(image, tuple(shlex.split(command)))
    except ValueError as error:
        raise UsageError(f"--image-script: {error}") from error
    return (request,), OBJECTS


def _hosts(hosts: int | None) -> int | None:
    if hosts is not None and not 1 <= hosts <= MOST_HOSTS:
        raise UsageError(f"--image-hosts: expected a number from 1 to {MOST_HOSTS}, got {hosts}")
    return hosts


def _gpu(said: str) -> Choice:
    if said not in list(Choice):
        raise UsageError(f"--image-gpu: expected one of {', '.join(Choice)}, got {said!r}")
    return Choice(said)


def _waivers(config: pytest.Config) -> Waivers:
    """Those of `--image-waivers`, or else of the file that is beside pytest's configuration file, if there is one."""
    said, shared = config.getoption("--image-waivers"), bool(config.getoption("--image-waivers-shared"))
    beside = (config.inipath.parent if config.inipath else config.rootpath) / waiverfile.NAME
    if said is None and not os.path.lexists(beside):
        return NO_WAIVERS
    if said is not None and not str(said).strip():
        raise UsageError("--image-waivers: expected a file, got an empty string; is a variable unset?")
    path = beside if said is None else config.invocation_params.dir / str(said)
    return waiverfile.read(path, load_checks(), today=datetime.now(UTC).date(), is_shared=shared)


def _profile(where: Path, said: str | None) -> Profile | None:
    if said is None:
        return None
    scope = scope_named(said)
    if scope is not None:
        return reading.own(scope, load_checks())
    if not said.endswith(".toml"):
        known = ", ".join(repr(str(scope)) for scope in DEMANDS)
        raise UsageError(f"--image-profile: expected one of {known}, or a file NAME.toml, got {said!r}")
    return reading.of_house(where / said, load_checks())


def _dockerfile(where: Path, said: str | None) -> Dockerfile | None:
    if said is None:
        return None
    # A CI service knows it by its path from where the session was started.
    path = where / said
    return dockerfile.read(path, str(path.relative_to(where) if path.is_relative_to(where) else path))


def _product(where: Path, said: str | None) -> Product | None:
    return None if said is None else product.read(where / said)


def _report(config: pytest.Config) -> Path:
    """The directory of `--image-report`, made and writable.

    In a session that is to write reports, those of an earlier one are removed.

    Raises:
        UsageError: it cannot be written to.
    """
    report = config.invocation_params.dir / str(config.getoption("--image-report"))
    junit = config.getoption("xmlpath", None)
    trial = report / f".{os.getpid()}.json"
    try:
        report.mkdir(parents=True, exist_ok=True)
        trial.write_text(json.dumps({}), encoding="utf-8")
        trial.unlink()
        if not hasattr(config, "workerinput") and not config.getoption("collectonly"):
            directory.clear(report, config.invocation_params.dir / junit if junit else None)
    except OSError as error:
        raise UsageError(
            f"--image-report: expected a writable directory, but {error.filename} cannot be written to: "
            f"{error.strerror}"
        ) from error
    return report
