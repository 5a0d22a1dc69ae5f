"""What containers are given of NVIDIA's driver on this machine, as a CDI description (Container Device Interface 0.6).

NVIDIA's own tool for it is not among Debian's packages. Only the standard library is used: there may be nothing else.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

NODE = re.compile(r"nvidia(\d+|ctl|-uvm|-uvm-tools|-modeset)")

NEEDED = re.compile(r"lib(cuda|nvidia-(ml|ptxjitcompiler|gpucomp|nvvm))\.so[.\d]*")
"""CUDA's driver, the management library, and what the driver loads to compile PTX."""

LIBRARIES = "/usr/lib/x86_64-linux-gnu"
"""Where they are put in a container: the C library of Debian looks there without any cache."""

LINE = re.compile(r"\s*(\S+) \(.*x86-64.*\) => (\S+)")
"""A library in the list of the dynamic linker's cache."""


def description(nodes: Iterable[str], libraries: Mapping[str, str], programs: Mapping[str, str]) -> dict[str, object]:
    """The device `nvidia.com/gpu=all`: these device nodes, and files by the path that they have in a container."""
    inside = {f"{LIBRARIES}/{name}": path for name, path in libraries.items()}
    inside |= {f"/usr/bin/{name}": path for name, path in programs.items()}
    mounts = [
        {"hostPath": path, "containerPath": target, "options": ["ro", "nosuid", "nodev", "bind"]}
        for target, path in sorted(inside.items())
    ]
    edits = {"deviceNodes": [{"path": f"/dev/{node}"} for node in sorted(nodes)], "mounts": mounts}
    return {"cdiVersion": "0.6.0", "kind": "nvidia.com/gpu", "devices": [{"name": "all", "containerEdits": edits}]}


def listed(cache: str) -> Iterator[tuple[str, str]]:
    """The libraries of the driver in what `ldconfig -p` prints: name and path, the first of a name alone counts."""
    for line in cache.splitlines():
        found = LINE.match(line)
        if found and NEEDED.fullmatch(found[1]):
            yield found[1], found[2]


def libraries_of(outer: str) -> dict[str, str]:
    """The driver's libraries of the machine whose file system is mounted at `outer`: path by name."""
    asked = subprocess.run(["chroot", outer, "ldconfig", "-p"], capture_output=True, text=True, check=False)
    libraries: dict[str, str] = {}
    for name, path in listed(asked.stdout):
        libraries.setdefault(name, _below(outer, path))
    return libraries


def find(outer: str, libraries: Mapping[str, str]) -> dict[str, object]:
    """The description for that machine.

    Raises:
        LookupError: there is no GPU, or no driver of CUDA; the text says which.
    """
    nodes = [node.name for node in Path("/dev").iterdir() if NODE.fullmatch(node.name)]
    if not any(name.removeprefix("nvidia").isdigit() for name in nodes):
        raise LookupError("there is no device node of a GPU")
    if "libcuda.so.1" not in libraries:
        raise LookupError("the dynamic linker of this machine does not know libcuda.so.1")
    places = (Path(f"{outer}{place}/nvidia-smi") for place in ("/usr/bin", "/usr/local/bin", "/usr/local/nvidia/bin"))
    smi = next((str(place) for place in places if place.is_file()), "")
    return description(nodes, libraries, {"nvidia-smi": smi} if smi else {})


def _below(outer: str, path: str) -> str:
    """Where a file of that system really is, seen from this one: links are followed there."""
    asked = subprocess.run(["chroot", outer, "readlink", "-f", path], capture_output=True, text=True, check=True)
    return outer + asked.stdout.strip()


def write(outer: str, folder: Path, driver: Path) -> None:
    """Write the description where an engine looks for it, and have programs here find the libraries in `driver`."""
    libraries = libraries_of(outer)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "nvidia.json").write_text(json.dumps(find(outer, libraries), indent=1), encoding="utf-8")
    driver.mkdir()
    for name, path in libraries.items():
        (driver / name).symlink_to(path)
