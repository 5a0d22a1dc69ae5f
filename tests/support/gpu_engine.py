"""A second Docker Engine whose GPUs are made up: what NVIDIA's toolkit does, done with a simulated driver.

The daemon finds `nvidia-container-runtime-hook` on its PATH, which is how Docker comes to take `--gpus`, and has a
runtime `nvidia`. Both are the program below. It shows that the engine is asked in the right words, and nothing of CUDA.

The daemon runs in a network namespace of its own, without a bridge: in that of another one it would remove that one's.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from conformance.probe import binary
from tests.engines.running import answers

SECONDS = 60
"""How long the daemon may take to come up, and to end."""

NEEDED = ("dockerd", "runc", "unshare", "nsenter", "umount")

TOOLKIT = '''#!{python}
"""Called as the hook, or as the runtime: brings device nodes, libcuda.so.1 and nvidia-smi where they are asked for."""
import json, os, pathlib, subprocess, sys

HERE = pathlib.Path({here!r})
LIBRARY = "usr/lib/x86_64-linux-gnu/libcuda.so.1"
FILES = {{LIBRARY: "libcuda.so.1", "usr/bin/nvidia-smi": "nvidia-smi"}}
NODES = ("nvidiactl", "nvidia-uvm", "nvidia0")


def wants(config):
    pairs = [entry.partition("=") for entry in config["process"].get("env", [])]
    return {{name: value for name, _, value in pairs}}.get("NVIDIA_VISIBLE_DEVICES", "") not in ("", "void", "none")


def hook():
    # Before the container's root becomes its root: in its namespace of mounts, below its root as the host sees it.
    state = json.load(sys.stdin)
    config = json.loads((pathlib.Path(state["bundle"]) / "config.json").read_text())
    if not wants(config):
        return
    root = pathlib.Path(state["bundle"], config["root"]["path"])
    lines = [f"mknod -m 666 {{root}}/dev/{{node}} c 1 3" for node in NODES]
    for inside, name in FILES.items():
        lines += [f"touch {{root}}/{{inside}}", f"mount --bind {{HERE / name}} {{root}}/{{inside}}"]
    command = ["nsenter", "--mount", f"--target={{state['pid']}}", "sh", "-ec", "\\n".join(lines)]
    subprocess.run(command, check=True)


def runtime():
    words = sys.argv[1:]
    if "create" in words:
        path = pathlib.Path(words[words.index("--bundle") + 1], "config.json")
        config = json.loads(path.read_text())
        if wants(config):
            node = {{"type": "c", "major": 1, "minor": 3, "fileMode": 0o666, "uid": 0, "gid": 0}}
            config["linux"].setdefault("devices", []).extend({{"path": f"/dev/{{name}}", **node}} for name in NODES)
            config["mounts"] += [
                {{"destination": "/" + inside, "type": "bind", "source": str(HERE / name), "options": ["bind", "ro"]}}
                for inside, name in FILES.items()
            ]
            path.write_text(json.dumps(config))
    os.execvp("runc", ["runc", *words])


gives = (HERE / "gives").read_text()
if "hook" in sys.argv[0]:
    gives == "hook" and hook()
elif gives == "runtime":
    runtime()
else:
    os.execvp("runc", ["runc", *sys.argv[1:]])
'''


@dataclass(frozen=True)
class GpuEngine:
    """The engine's address, and what of it gives GPUs: `hook`, `runtime`, or nothing although it takes requests."""

    address: str
    folder: Path

    def gives(self, what: str) -> None:
        """Let the hook give GPUs from now on, or the runtime, or nothing."""
        (self.folder / "gives").write_text(what, encoding="ascii")


def missing() -> str:
    """What keeps such an engine from being started here; empty where nothing does."""
    if os.getuid():
        return "only root can start a second engine"
    lacking = [name for name in NEEDED if shutil.which(name) is None]
    return f"no {', no '.join(lacking)} is here" if lacking else ""


@contextmanager
def gpu_engine() -> Iterator[GpuEngine]:
    """Start one, and end it with all that it made."""
    # A socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix="gpus-"))
    tools = folder / "bin"
    tools.mkdir()
    text = TOOLKIT.format(python=sys.executable, here=str(folder))
    for name in ("nvidia-container-runtime-hook", "nvidia-container-runtime"):
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    for name in ("libcuda.so.1", "nvidia-smi"):
        (folder / name).write_bytes(binary(name))
        (folder / name).chmod(0o755)
    engine = GpuEngine(f"unix://{folder}/socket", folder)
    engine.gives("nothing")
    command = (
        *("unshare", "--net", "dockerd", f"--host={engine.address}"),
        *(f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid"),
        *("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"),
        *("--containerd-namespace=gpus", "--containerd-plugins-namespace=gpus-plugins"),
        f"--add-runtime=nvidia={tools}/nvidia-container-runtime",
    )
    environment = os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _wait_until_it_answers(engine, process)
        yield engine
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _remove(folder)


def _wait_until_it_answers(engine: GpuEngine, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS
    while not answers(engine.address.removeprefix("unix://")):
        log = (engine.folder / "log").read_text(encoding="utf-8", errors="replace")
        assert process.poll() is None, log
        assert time.monotonic() < until, log
        time.sleep(0.1)


def _remove(folder: Path) -> None:
    """Remove its folder, and before that what a daemon that ended badly left mounted there."""
    mounts = [line.split(" ")[1] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    for place in sorted((place for place in mounts if place.startswith(f"{folder}/")), reverse=True):
        subprocess.run(["umount", place], check=True)
    shutil.rmtree(folder)
