"""Ordinary bases, and substitutes for those that cannot be pulled.

An image's Dockerfile names its ordinary base (`ARG BASE=python:3.12-slim`). Where the engine neither
has it nor can pull it, a base that plays the same role is made from Debian packages and loaded under a
tag of ours; the Dockerfile stays the same. A folder with a requirements.txt gets a Python base that has
those distributions already, because a machine without a registry often builds without a network too.
"""

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from docker import DockerClient
from docker.errors import APIError, DockerException, ImageNotFound
from docker.models.images import Image
from requests import RequestException

from images.builder import wheels
from images.builder.debian import Apt, PackagesUnavailableError
from images.builder.layers import Config, File, directory, link, pack, write_archive

CACHE = Path(__file__).resolve().parent.parent.parent / ".cache"

RECIPE = "conformance.recipe"
"""The label that says what a substitute was made of."""

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_APPLETS = """
[ ash awk basename cat chmod chown cp cut date dd df dirname du echo egrep env expr false find grep head
hostname id kill ln ls mkdir mkfifo mktemp mv nproc od printf ps pwd readlink realpath rm rmdir sed seq
sh sha256sum sleep sort stat sync tail tar tee test timeout touch tr true tty uname uniq wc which xargs
"""
"""The programs of a busybox base. The binary could list them, but only where its architecture runs."""

_ACCOUNTS = {
    "etc/passwd": File(
        data=b"root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
    ),
    "etc/group": File(data=b"root:x:0:\nnogroup:x:65534:\n"),
    "etc/nsswitch.conf": File(data=b"passwd: files\ngroup: files\nhosts: files dns\n"),
}

_FOLDERS = {
    name: directory() for name in ("etc", "home", "opt", "root", "run", "srv", "usr/bin", "usr/local/bin", "var")
}

_ROOT = {
    **_ACCOUNTS,
    **_FOLDERS,
    **{name: link(f"usr/{name}") for name in ("bin", "lib", "lib64", "sbin")},
    **{f"usr/{name}": directory() for name in ("lib", "lib64", "sbin")},
    "tmp": directory(0o1777),
}
"""What every base has beside its packages."""


class BaseUnavailableError(RuntimeError):
    """No way to the base of an image; the text says what was tried and what to do."""


@dataclass(frozen=True)
class Role:
    """What an ordinary base is used for, and so what a substitute must have."""

    name: str
    packages: tuple[str, ...]
    command: tuple[str, ...]
    environment: tuple[str, ...] = (_PATH,)
    architecture: str = "amd64"

    @property
    def platform(self) -> str:
        """The platform, as a pull asks for it."""
        return f"linux/{self.architecture}"


PYTHON = Role(
    name="python",
    packages=("bash", "coreutils", "dash", "libgcc-s1", "libstdc++6"),  # the last two: what wheels link to
    command=("python3",),
    environment=(_PATH, "LANG=C.UTF-8"),
)
BUSYBOX = Role(name="busybox", packages=("busybox-static",), command=("sh",))
ARM64_BUSYBOX = Role(name="arm64-busybox", packages=BUSYBOX.packages, command=("sh",), architecture="arm64")

ROLES = {"python:3.12-slim": PYTHON, "busybox": BUSYBOX, "arm64v8/busybox": ARM64_BUSYBOX}
"""The ordinary bases that an image may name."""


def resolve(ordinary: str, client: DockerClient, requirements: Path | None = None) -> Image:
    """The image to build on: the ordinary base, or else a substitute with the given requirements.

    Raises:
        BaseUnavailableError: Neither is there and neither can be had.
    """
    role = ROLES.get(ordinary)
    if role is None:
        raise BaseUnavailableError(
            f"no role is known for the base {ordinary}; images/builder/bases.py knows {', '.join(ROLES)}"
        )
    tag = _substitute_tag(role, requirements)
    if image := _present(ordinary, role, client):
        return image
    recipe = _recipe(role, requirements)
    substitute = _present(tag, role, client)
    if substitute and substitute.labels.get(RECIPE) == recipe:
        return substitute
    refusal = _pull(ordinary, role.platform, client)
    if not refusal and (image := _present(ordinary, role, client)):
        return image
    try:
        return make_substitute(role, client, requirements)
    except (PackagesUnavailableError, wheels.WheelsUnavailableError) as error:
        raise BaseUnavailableError(
            f"no base for {ordinary}: the engine does not have it;"
            f" pulling it failed ({refusal}); making a substitute from Debian packages failed ({error})."
            f" Bring it to this engine (docker pull {ordinary}, or docker save there and docker load here),"
            " or build on Debian or Ubuntu with a package mirror in reach."
        ) from None


def remove_untagged(image: Image, client: DockerClient) -> None:
    """Remove an image that lost its tag to a newer one, unless images were built on it or containers use it."""
    try:
        if not client.images.get(str(image.id)).tags:
            client.images.remove(str(image.id))
    except APIError:  # gone meanwhile, or in use: it goes with the last image that was built on it
        return


def make_substitute(role: Role, client: DockerClient, requirements: Path | None = None) -> Image:
    """Make and load a base for the role; the same packages give the same image id."""
    apt = Apt(role.architecture, CACHE)
    if role is PYTHON:
        python = apt.default_python()
        packages = apt.closure((*role.packages, f"python{python}-minimal", f"libpython{python}-stdlib"))
        layers = [pack({**_ROOT, **apt.files(packages), **_python_links(python)})]
        if requirements:
            layers.append(pack(wheels.files(requirements, python, CACHE)))
    else:
        layers = [pack({**_ROOT, **_busybox_files(apt)})]
    tag = _substitute_tag(role, requirements)
    labels = {RECIPE: _recipe(role, requirements)}
    config = Config(role.architecture, role.command, role.environment, labels)
    return _load(tag, config, layers, client)


def _busybox_files(apt: Apt) -> Mapping[str, File]:
    """Debian's busybox with its links.

    Where the mirror lacks the foreign architecture, the machine's own binary stands under the foreign
    name: what is judged is what the image says of itself.
    """
    try:
        files = apt.files(BUSYBOX.packages)
    except PackagesUnavailableError:
        if apt.architecture == BUSYBOX.architecture:
            raise
        files = Apt(BUSYBOX.architecture, apt.cache).files(BUSYBOX.packages)
    return {**{f"usr/bin/{applet}": link("busybox") for applet in _APPLETS.split()}, **files}


def _python_links(python: str) -> Mapping[str, File]:
    names = {"usr/bin/python": f"python{python}", "usr/bin/python3": f"python{python}", "usr/bin/sh": "dash"}
    return {path: link(target) for path, target in names.items()}


def _substitute_tag(role: Role, requirements: Path | None) -> str:
    suffix = f"-{requirements.parent.name}" if requirements else ""
    return f"conformance/base-{role.name}{suffix}:latest"


def _recipe(role: Role, requirements: Path | None) -> str:
    """A hash of all that decides how a substitute is made, but for the versions of its packages."""
    here = Path(__file__).parent
    sources = [here / name for name in ("bases.py", "debian.py", "layers.py", "wheels.py")]
    parts = [source.read_text() for source in sources]
    parts += [role.name, requirements.read_text() if requirements else ""]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _present(name: str, role: Role, client: DockerClient) -> Image | None:
    """The engine's image of that name, if it is one for the role's architecture."""
    try:
        image = client.images.get(name)
    except ImageNotFound:
        return None
    return image if image.attrs["Architecture"] == role.architecture else None


@cache
def _pull(name: str, platform: str, client: DockerClient, silence: float = 10) -> str:
    """Pull an image; the empty string, or why it could not be had. Tried once per process and name.

    The bound is on silence, not on the whole: a pull that makes progress says so all the time, and
    one that waits for a registry behind a firewall says nothing for minutes. docker-py's own pull has
    no bound at all.
    """
    repository, _, tag = name.partition(":")
    parameters = {"fromImage": repository, "tag": tag or "latest", "platform": platform}
    url = f"{client.api.base_url}/v{client.api.api_version}/images/create"
    try:
        with client.api.post(url, params=parameters, stream=True, timeout=silence) as answer:
            for line in answer.iter_lines():
                said = json.loads(line)
                if refusal := said.get("error") or said.get("message"):
                    return str(refusal)
            if not answer.ok:
                return f"status {answer.status_code}"
    except (RequestException, DockerException, ValueError) as error:
        return f"no answer within {silence:g} seconds, or a broken one: {error}"
    return ""


def _load(tag: str, config: Config, layers: Sequence[bytes], client: DockerClient) -> Image:
    superseded = client.images.list(tag)
    with tempfile.TemporaryFile() as archive:
        write_archive(archive, tag, config, layers)
        archive.seek(0)
        client.images.load(archive)
    for image in superseded:
        remove_untagged(image, client)
    return client.images.get(tag)
