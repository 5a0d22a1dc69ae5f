"""Read a profile from its file, the suite's own or a house's."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

from conformance.rule.declaration import Registry
from conformance.verdict import tomlfile
from conformance.verdict.profiles import Profile, Scope, Version, scope_named
from conformance.verdict.tomlfile import TomlFile, meant

OPTION = "--image-profile"
HERE = Path(__file__).parent

_VERSION = re.compile(r"(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})", re.ASCII)


@cache
def own(scope: Scope, checks: Registry) -> Profile:
    """The suite's own profile for such sessions."""
    path = HERE / f"{scope.replace(', ', '-')}.toml"
    return _profile(tomlfile.read(path, OPTION), checks)


def of_house(path: Path, checks: Registry) -> Profile:
    """The profile in a file of the user's.

    Raises:
        UsageError: the file cannot be read or is malformed, names a check that does not exist, or requires one that
            sessions of its kind cannot show.
    """
    file = tomlfile.read(path, OPTION)
    profile = _profile(file, checks)
    line = file.line_of("name")
    if scope_named(profile.name) is not None:
        raise file.fault(f"name: expected a name that is not one of the suite's own, got {profile.name!r}", line=line)
    shown = own(profile.scope, checks).since
    for check in profile.since:
        if check not in shown:
            raise file.fault(f"{check}: a session of {str(profile.scope)!r} cannot show it", line=file.line_of(check))
    return profile


def _profile(file: TomlFile, checks: Registry) -> Profile:
    document = file.document
    file.expect_members(document, ("name", "version", "session", "required"))
    name, said = file.text_of(document, "name"), file.text_of(document, "session")
    scope = scope_named(said)
    if scope is None:
        known = ", ".join(repr(str(each)) for each in Scope)
        raise file.fault(
            f"session: expected one of {known}, got {said!r}{meant(said, Scope)}",
            line=file.line_of("session"),
        )
    version = _version(file, "version", document["version"])
    required = document["required"]
    line = _line_of_required(file)
    if not isinstance(required, dict):
        raise file.fault(f"required: expected a table [required], got {required!r}", line=line)
    since = {}
    for check, value in required.items():
        if isinstance(value, dict):
            raise file.fault(f'{check}: expected the id in quotes, as in "image.platform" = "1.0"', line=line)
        if check not in {each.id for each in checks}:
            known = meant(check, [each.id for each in checks])
            raise file.fault(f"no check {check!r}{known}", line=file.line_of(check, below=line))
        since[check] = _since(file, check, value, version, line)
    profile = Profile(name, version, scope, since, file.sha256)
    if not any(map(profile.requires, since)):
        raise file.fault("expected at least one check that is required", line=line)
    return profile


def _since(file: TomlFile, check: str, value: object, version: Version, line: int) -> Version:
    since = _version(file, check, value, below=line)
    if since > version and since not in {version.next_minor, version.next_major}:
        raise file.fault(
            f"{check}: expected at most version {version.next_minor}, which follows {version}, got {since}",
            line=file.line_of(check, below=line),
        )
    return since


def _version(file: TomlFile, name: str, value: Any, *, below: int = 1) -> Version:  # noqa: ANN401 - whatever TOML has
    found = _VERSION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise file.fault(
            f'{name}: expected a version such as "1.0", got {value!r}', line=file.line_of(name, below=below)
        )
    return Version(int(found[1]), int(found[2]))


def _line_of_required(file: TomlFile) -> int:
    lines = enumerate(file.text.splitlines(), start=1)
    return next((number for number, line in lines if line.strip().startswith("[required]")), 1)
