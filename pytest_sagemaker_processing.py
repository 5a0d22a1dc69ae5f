"""The pytest plugin of an installation: it declares the options, and does nothing else until `--image` is given.

pytest loads it in every session of its environment, so it imports nothing that such a session does not need. Above all
it does not import `conformance`: a project may well have a package, a module or a folder of that name. With `--image`
the package is found by its place, beside this file.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any, Literal

import pytest

HOME = Path(__file__).parent / "conformance"

OPTIONS: dict[str, dict[str, Any]] = {
    "--image": {
        "action": "append",
        "metavar": "URI",
        "help": "image to check: a reference or a local image id; pulled if it is missing; may be repeated",
    },
    "--image-job": {
        "action": "append",
        "metavar": "FILE",
        "help": "CreateProcessingJob request (JSON, as for `aws sagemaker create-processing-job --cli-input-json`) of "
        "a job that is expected to succeed; may be repeated",
    },
    "--image-s3": {
        "metavar": "DIR",
        "help": "contents of S3 for the job, as files DIR/bucket/key",
    },
    "--image-script": {
        "nargs": "?",
        "const": "python3",
        "metavar": "COMMAND",
        "help": "check the image as ScriptProcessor(command=[...]) uses it, with a script of the suite's own in Python "
        "or shell (default: python3)",
    },
    "--image-profile": {
        "metavar": "NAME|FILE",
        "help": "refuse to run with jobs that do not satisfy this profile: image, script, processing, distributed or "
        "gpu, or NAME.toml of a house's own (default: the profile follows from the jobs)",
    },
    "--image-hosts": {
        "type": int,
        "metavar": "COUNT",
        "help": "override InstanceCount",
    },
    "--image-network": {
        "metavar": "NAME",
        "help": "connect the job's containers to this Docker network, unless the request sets EnableNetworkIsolation; "
        "by default they have no outside network",
    },
    "--image-aws": {
        "action": "store_true",
        "default": None,
        "help": "let the job's containers reach an AWS of the suite's own: S3 with the contents of --image-s3, STS "
        "and what else moto has; unless the request sets EnableNetworkIsolation",
    },
    "--image-service": {
        "metavar": "local|aws",
        "help": "where the jobs run: local: on a Docker Engine; aws: in the account whose credentials the standard "
        "variables and files of AWS give, which bills them (default: local)",
    },
    "--image-bucket": {
        "metavar": "BUCKET[/PREFIX]",
        "help": "with --image-service=aws, where the objects of its jobs are while the session runs",
    },
    "--image-role": {
        "metavar": "ARN",
        "help": "with --image-service=aws, the role of its jobs (default: RoleArn of the request)",
    },
    "--image-yes": {
        "action": "store_true",
        "default": None,
        "help": "with --image-service=aws, start the jobs without asking",
    },
    "--image-gpu": {
        "metavar": "auto|require|simulated",
        "help": "auto: GPUs for jobs whose instance type has them, if the engine has any; require: fail if it has "
        "none; simulated: a fake GPU, which cannot show that CUDA works (default: auto)",
    },
    "--image-report": {
        "metavar": "DIR",
        "help": "directory for report.json, report.html, junit.xml and logs/ (default: conformance-report)",
    },
    "--image-dockerfile": {
        "metavar": "FILE",
        "help": "the image's Dockerfile: write report.sarif and gl-code-quality-report.json with findings at its "
        "lines, and annotations on GitHub Actions",
    },
    "--image-timeout": {
        "type": float,
        "metavar": "SECONDS",
        "help": "time limit of each run, if shorter than MaxRuntimeInSeconds (default: 300)",
    },
    "--image-grace": {
        "type": float,
        "metavar": "SECONDS",
        "help": "time between the stop signal and SIGKILL, which AWS does not document (default: 10)",
    },
    "--image-limit": {
        "action": "append",
        "metavar": "NAME=VALUE",
        "help": "a limit of the suite's own on the containers of a job: memory=SIZE, processes=COUNT, "
        "processors=COUNT, disk=SIZE, files=COUNT or log=SIZE; or session=SECONDS for all runs together; repeatable",
    },
    "--image-runtime": {
        "metavar": "NAME",
        "help": "run the job's containers by this runtime of the engine, such as runsc (default: the engine's own)",
    },
    "--image-strict": {
        "action": "store_true",
        "default": None,
        "help": "treat SHOULD failures as errors",
    },
    "--image-keep": {
        "action": "store_true",
        "default": None,
        "help": "keep containers and volumes, and print their names",
    },
    "--image-no-cache": {
        "action": "store_true",
        "default": None,
        "help": "list the image's files anew, and keep no list (default: kept below the user's cache directory)",
    },
    "--image-waivers": {
        "metavar": "FILE",
        "help": "known violations that someone answers for (default: conformance-waivers.toml beside pytest's "
        "configuration file, if there is one)",
    },
    "--image-waivers-shared": {
        "action": "store_true",
        "default": None,
        "help": "the file has waivers for images of other sessions too, which are not stale here",
    },
    "--image-certify": {
        "metavar": "FILE",
        "help": "product.toml of what is to be certified: with all checks and no changed default, write "
        "certificate.tar.gz, or say why there is none",
    },
}
"""Every option of a session with what argparse needs; `conformance.session.options` reads and validates them.

Each may also be set in pytest's configuration file, so that here it has no default: `conformance.session.project` has.
"""

TYPED = frozenset({"--image", "--image-service", "--image-yes", "--image-certify"})
"""Options that a configuration file cannot set: which image it is, what costs money, and what somebody answers for."""

START_OPTIONS: dict[str, dict[str, Any]] = {
    "--images-from": {
        "metavar": "FILE",
        "help": "images to check, one a line; as with --image several times, each has a session of its own and a "
        "report below that of --image-report, which has an overview of all",
    },
    "--image-init": {
        "nargs": "?",
        "const": ".",
        "metavar": "DIR",
        "help": "write job.json and s3/ to start from into DIR (default: the current directory), print the command "
        "that checks the image with them, and exit",
    },
    "--image-init-from": {
        "metavar": "FILE",
        "help": "the same from the output of `aws sagemaker describe-processing-job`, or from each Processing step of "
        "a SageMaker Pipelines definition",
    },
    "--image-engine-check": {
        "action": "store_true",
        "default": None,
        "help": "try for some ten seconds what sessions rely on of the Docker Engine, print what they can judge there, "
        "and exit",
    },
}
"""Options that run no session, or several in processes of their own."""

INI_TYPES: dict[str, Literal["linelist", "bool"]] = {
    "--image-job": "linelist",
    "--image-limit": "linelist",
    "--image-strict": "bool",
    "--image-keep": "bool",
    "--image-no-cache": "bool",
    "--image-aws": "bool",
    "--image-waivers-shared": "bool",
}
"""The types of the settings in pytest's configuration file that are more than a string."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options; every name starts with `--image`."""
    group = parser.getgroup("conformance", "SageMaker Processing container conformance")
    for name, declared in {**OPTIONS, **START_OPTIONS}.items():
        group.addoption(name, **declared)
    for name, declared in OPTIONS.items():
        if name not in TYPED:
            setting = name.removeprefix("--").replace("-", "_")
            parser.addini(setting, f"default of {name}: {declared['help']}", type=INI_TYPES.get(name), default=None)


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """With several images, or one of START_OPTIONS, do what that says, and run no session here."""
    several = len(config.getoption("--image") or ()) > 1
    if config.option.help or (not several and all(config.getoption(name) is None for name in START_OPTIONS)):
        return None
    _load()
    from conformance.errors import ConformanceError  # noqa: PLC0415 - as below
    from conformance.session import engine_check, fleet, init  # noqa: PLC0415 - as below

    status: int = pytest.ExitCode.OK
    starts = [name for name in START_OPTIONS if name != "--images-from" and config.getoption(name) is not None]
    try:
        if not starts:
            return fleet.run(config)
        if config.getoption("--image-engine-check") is None:
            said = init.run(config)
        else:
            said, status = engine_check.run(config)
        print(said)  # noqa: T201 - pytest has no reporter yet
    except ConformanceError as error:
        raise pytest.UsageError(str(error)) from error
    return int(status)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """With `--image`, collect the checks; tryfirst, before pytest's own JUnit plugin reads where to write."""
    if config.getoption("--image") is None:
        given = [name for name in OPTIONS if config.getoption(name) is not None]
        if given:
            raise pytest.UsageError(f"{given[0]}: expected an image as well, but there is none (pass --image=URI)")
        return
    _load()
    from conformance.session.hooks import SessionHooks  # noqa: PLC0415 - brings docker

    # Pytest runs on without a plugin that is blocked, and would judge nothing.
    if config.pluginmanager.is_blocked("conformance.hooks"):
        raise pytest.UsageError("-p no:conformance.hooks: expected the plugin, which judges the image")
    config.pluginmanager.register(SessionHooks.begin(config), "conformance.hooks")


def _load() -> None:
    """Import the package beside this file as `conformance`, even where another one comes first on `sys.path`."""
    loaded = sys.modules.get("conformance")
    if loaded is not None:
        place = _place(loaded)
        if place is None or place.resolve() != HOME.resolve():
            raise pytest.UsageError(
                f"--image: expected to import the plugin's own package conformance, but {place or 'another module'} is "
                "already imported under that name (start pytest in another directory, or with --noconftest)"
            )
        return
    spec = importlib.util.spec_from_file_location("conformance", HOME / "__init__.py")
    if spec is None or spec.loader is None:
        raise pytest.UsageError(f"--image: expected the plugin's package at {HOME}, but it cannot be imported")
    package = importlib.util.module_from_spec(spec)
    sys.modules["conformance"] = package
    spec.loader.exec_module(package)


def _place(module: Any) -> Path | None:  # noqa: ANN401 - any object may stand in `sys.modules`
    """The folder of a package, or the file of a module."""
    for folder in getattr(module, "__path__", ()):
        return Path(folder)
    file = getattr(module, "__file__", None)
    return Path(file) if file else None
