"""The trial itself, as the first process of its namespaces: brings up the engine, and judges images with a GPU.

It gets how GPUs are to be had, `require` or `simulated`, and uses what was packed, and the standard library alone.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import devices  # type: ignore[import-not-found] # it lies beside this file, not in a package

OUTER = "/outer"
"""The file system of the machine."""

DRIVER = Path("/driver")
"""The driver's libraries."""

REPORTS = Path("/reports")
SOCKET = Path("/run/engine.sock")
START_SECONDS = 30
SESSION_SECONDS = 120

ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    "LC_ALL": "C.UTF-8",
    "DOCKER_HOST": f"unix://{SOCKET}",
    "PYTHONPATH": "/trial/site",
    # The management library, for the suite's own measurements.
    "LD_LIBRARY_PATH": str(DRIVER),
}


@dataclass(frozen=True)
class Session:
    """A session, named as its job, and what it is to find."""

    job: str
    image: str
    finds: frozenset[str] = frozenset()


SESSIONS = (
    Session("addition", "conformance/examples-gpu"),
    Session("busy", "conformance/examples-gpu"),
    Session("left-idle", "conformance/flawed-gpu-left-idle", frozenset({"gpu.workload-uses-it"})),
)


def mount_all() -> None:
    """What an engine needs of its kernel."""
    for kind, place in (("proc", "/proc"), ("sysfs", "/sys"), ("tmpfs", "/run"), ("tmpfs", "/tmp")):  # noqa: S108 - its own
        subprocess.run(["mount", "-t", kind, kind, place], check=True)
    groups = Path("/sys/fs/cgroup")
    subprocess.run(["mount", "-t", "cgroup2", "cgroup2", str(groups)], check=True)
    if "memory" not in (groups / "cgroup.controllers").read_text():
        # The machine has them in version 1.
        subprocess.run(["umount", str(groups)], check=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(groups)], check=True)
        for name in ("cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "pids"):
            (groups / name).mkdir()
            subprocess.run(["mount", "-t", "cgroup", "-o", name, "cgroup", str(groups / name)], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def begin_engine() -> subprocess.Popen[bytes]:
    """Start the engine and wait until it listens."""
    places = ["--data-root=/data", "--exec-root=/run/docker", "--pidfile=/run/docker.pid", f"--host=unix://{SOCKET}"]
    with (REPORTS / "engine.log").open("wb") as log:
        engine = subprocess.Popen(["dockerd", "--userland-proxy=false", *places], stdout=log, stderr=log)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and engine.poll() is None:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(SOCKET))
                return engine
        except OSError:
            time.sleep(0.1)
    sys.exit("gpu_trial: the engine does not come up; engine.log says why")


def load_images() -> None:
    """Give the engine the packed images."""
    sys.path.insert(0, "/trial/site")
    import docker  # noqa: PLC0415 - it is found there only

    client = docker.from_env(timeout=START_SECONDS)
    with Path("/trial/images.tar").open("rb") as archive:
        client.images.load(archive)
    print(f"Docker Engine {client.version()['Version']}, {len(client.images.list())} images", flush=True)


def run(session: Session, means: str) -> bool:
    """Run a session, print how it ended, and say whether that is as expected."""
    job = Path("/trial/jobs", session.job)
    report = REPORTS / session.job
    command = [
        *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--image={session.image}"),
        *(f"--image-job={job / 'job.json'}", f"--image-s3={job / 's3'}", f"--image-gpu={means}"),
        f"--image-report={report}",
    ]
    begun = time.monotonic()
    ended = subprocess.run(command, cwd="/tmp", capture_output=True, text=True, timeout=SESSION_SECONDS, check=False)  # noqa: S108 - its own
    (REPORTS / f"{session.job}.txt").write_text(ended.stdout + ended.stderr, encoding="utf-8")
    document = json.loads((report / "report.json").read_text(encoding="utf-8"))
    verdicts = {each["check"]: each["verdict"] for each in document["verdicts"]}
    found = {check for check, verdict in verdicts.items() if verdict in {"violates", "advised"}}
    of_gpus = {check: verdict for check, verdict in verdicts.items() if check.startswith("gpu.")}
    expected = found == session.finds
    print(f"{session.job}: status {ended.returncode} after {time.monotonic() - begun:.1f} s", end="; ")
    print(f"finds {sorted(found)}, {'as' if expected else 'NOT as'} expected; {of_gpus}")
    for one in document["runs"]:
        if one["variation"] == "as requested":
            print(f"  {one['exit_message']!r}; GPUs: {one['gpu']}")
    return expected


def main(means: str) -> int:
    """Try all sessions; 1 if one did not end as expected."""
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    mount_all()
    if means == "require":
        try:
            devices.write(OUTER, Path("/etc/cdi"), DRIVER)
        except LookupError as error:
            sys.exit(f"gpu_trial: {error}")
    engine = begin_engine()
    load_images()
    as_expected = [run(session, means) for session in SESSIONS]
    engine.terminate()
    engine.wait(START_SECONDS)
    return 0 if all(as_expected) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
