"""The settings of a project: pytest's configuration file, for whatever the command line does not say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from conformance.errors import UsageError
from conformance.verdict.profiles import scope_named

DEFAULTS: dict[str, Any] = {
    "--image-job": (),
    "--image-s3": None,
    "--image-script": None,
    "--image-profile": None,
    "--image-hosts": None,
    "--image-network": None,
    "--image-bucket": None,
    "--image-role": None,
    "--image-gpu": "auto",
    "--image-report": "conformance-report",
    "--image-dockerfile": None,
    "--image-timeout": 300.0,
    "--image-grace": 10.0,
    "--image-limit": (),
    "--image-runtime": None,
    "--image-strict": False,
    "--image-keep": False,
    "--image-no-cache": False,
    "--image-aws": False,
    "--image-waivers": None,
    "--image-waivers-shared": False,
}
"""What holds where neither the command line nor the configuration file says anything."""

PATHS = frozenset(
    {"--image-job", "--image-s3", "--image-report", "--image-profile", "--image-waivers", "--image-dockerfile"}
)
"""Options that name files, which are relative to the configuration file that names them."""

NUMBERS: dict[str, Callable[[str], float]] = {"--image-hosts": int, "--image-timeout": float, "--image-grace": float}

source_key = pytest.StashKey[str]()


def complete(config: pytest.Config) -> None:
    """Set every option that the command line does not set; `told` says which came from the configuration file.

    Raises:
        UsageError: a setting is not a number.
    """
    found: list[str] = []
    for option, default in DEFAULTS.items():
        setting = option.removeprefix("--").replace("-", "_")
        if config.getoption(option) is not None:
            continue
        value = config.getini(setting)
        if value in (None, "", []):
            value = default
        else:
            found.append(setting)
            value = _read(config, option, setting, value)
        setattr(config.option, setting, value)
    config.stash[source_key] = f"{', '.join(found)} from {config.inipath}" if found else ""


def told(config: pytest.Config) -> str:
    """Which settings were read from which file; empty if none was."""
    return config.stash.get(source_key, "")


def _read(config: pytest.Config, option: str, setting: str, value: Any) -> Any:  # noqa: ANN401 - of any type of setting
    where = config.inipath.parent if config.inipath else config.invocation_params.dir
    if option in PATHS and not _is_name(option, value):
        return [_path(where, each) for each in value] if isinstance(value, list) else _path(where, value)
    if option not in NUMBERS:
        return value
    try:
        return NUMBERS[option](value)
    except ValueError as error:
        raise UsageError(f"{setting}: expected a number, got {value!r}", hint=f"in {config.inipath}") from error


def _is_name(option: str, value: Any) -> bool:  # noqa: ANN401 - as above
    """Whether it names one of the suite's own profiles, and no file."""
    return option == "--image-profile" and scope_named(value) is not None


def _path(where: Path, name: str) -> str:
    return str(where / name)
