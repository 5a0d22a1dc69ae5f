"""The trial with a real GPU: what is packed, and which part of a driver containers are given."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from scripts.gpu_trial import devices, programs
from tests.conftest import ROOT

CACHE = """\
312 libs found in cache `/etc/ld.so.cache'
\tlibnvidia-ml.so.1 (libc6,x86-64) => /usr/local/nvidia/lib64/libnvidia-ml.so.1
\tlibcuda.so.1 (libc6,x86-64) => /usr/local/nvidia/lib64/libcuda.so.1
\tlibcuda.so.1 (libc6) => /usr/lib/i386-linux-gnu/libcuda.so.1
\tlibcudart.so.13 (libc6,x86-64) => /usr/local/cuda/lib64/libcudart.so.13
\tlibc.so.6 (libc6,x86-64, OS ABI: Linux 3.2.0) => /lib/x86_64-linux-gnu/libc.so.6
\tlibnvidia-ptxjitcompiler.so.580.159.04 (libc6,x86-64) => /lib/libnvidia-ptxjitcompiler.so.580.159.04
"""


def test_the_driver_is_told_from_other_libraries() -> None:
    """Neither CUDA's own runtime, which an image brings, nor libraries for another machine are the driver's."""
    assert ["libnvidia-ml.so.1", "libcuda.so.1", "libnvidia-ptxjitcompiler.so.580.159.04"] == [
        name for name, _ in devices.listed(CACHE)
    ]


def test_a_description_names_every_node_and_file() -> None:
    """In the form of CDI 0.6, in which the engine finds the device `nvidia.com/gpu=all`."""
    made = devices.description(
        ["nvidiactl", "nvidia0"], {"libcuda.so.1": "/d/libcuda.so.580"}, {"nvidia-smi": "/b/smi"}
    )

    (device,) = json.loads(json.dumps(made))["devices"]
    edits = device["containerEdits"]
    assert ("nvidia.com/gpu", "all") == (made["kind"], device["name"])
    assert ["/dev/nvidia0", "/dev/nvidiactl"] == [node["path"] for node in edits["deviceNodes"]]
    assert {
        "/usr/bin/nvidia-smi": "/b/smi",
        "/usr/lib/x86_64-linux-gnu/libcuda.so.1": "/d/libcuda.so.580",
    } == {mount["containerPath"]: mount["hostPath"] for mount in edits["mounts"]}


def test_a_link_that_is_there_is_followed_all_the_same(tmp_path: Path) -> None:
    """Debian's alternatives are copied as a folder, and what they lead to is a program as well."""
    source, target = tmp_path / "source", tmp_path / "target"
    for root in (source, target):
        (root / "etc/alternatives").mkdir(parents=True)
        (root / "etc/alternatives/tool").symlink_to("/usr/bin/tool-new")
    (source / "usr/bin").mkdir(parents=True)
    (source / "usr/bin/tool").symlink_to("/etc/alternatives/tool")
    (source / "usr/bin/tool-new").write_text("new", encoding="utf-8")

    programs.copy_file(source, target, "/usr/bin/tool")

    assert (target / "usr/bin/tool-new").read_text(encoding="utf-8") == "new"
    assert (target / "usr/bin/tool").is_symlink()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "expected the packed file and a folder for reports"),
        (("missing.tar.xz", "reports"), "there is no file missing.tar.xz"),
    ],
)
def test_what_cannot_be_tried_is_told_in_a_line(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """Status 3, before anything is unpacked."""
    script = ROOT / "scripts/gpu_trial.sh"
    ended = subprocess.run(["sh", str(script), *words], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (3, 1) == (ended.returncode, len(ended.stderr.splitlines()))
    assert said in ended.stderr or "only root" in ended.stderr
    assert [] == list(tmp_path.iterdir())
