"""A fresh machine is made ready, and every other machine is left as it is."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from docker.errors import DockerException
from hypothesis import given
from hypothesis import strategies as st

from scripts import engine, machine
from scripts.engine import Install, Refuse, Start, Use, Wait
from scripts.machine import Machine

ROOT = Path(__file__).parent.parent

# `make test` hands its own flags and variables down to the makes that are tested here.
OUTSIDE_MAKE = {
    name: value
    for name, value in os.environ.items()
    if name not in {"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "IMAGE", "JOB", "S3"}
}

FRESH = Machine(
    silence="No such file or directory",
    root=True,
    privileged=True,
    distributions=frozenset({"debian"}),
)

machines = st.builds(
    Machine,
    version=st.none() | st.just("28.0.4"),
    silence=st.sampled_from(["Connection refused", "No such file or directory"]),
    forbidden=st.booleans(),
    docker_host=st.sampled_from(["", "tcp://127.0.0.1:1", "unix:///run/user/1000/docker.sock"]),
    system=st.sampled_from(["Linux", "Darwin", "Windows"]),
    root=st.booleans(),
    privileged=st.booleans(),
    distributions=st.frozensets(st.sampled_from(["debian", "ubuntu", "fedora", "alpine"])),
    installed=st.booleans(),
    systemd=st.booleans(),
    daemon=st.none() | st.integers(1, 99_999),
)


def changed(machine: Machine, **facts: object) -> Machine:
    """Return a machine that differs in the given facts."""
    return Machine(**{**vars(machine), **facts})


def message_for(machine: Machine) -> str:
    """Return what the user of a machine is told when it is refused."""
    decision = engine.plan(machine)
    assert isinstance(decision, Refuse)
    return decision.message


def engine_setup(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the program as `make setup` does, with some variables set."""
    return subprocess.run(
        [sys.executable, "-m", "scripts.engine"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


class TestPlan:
    """What is done depends on nothing but the facts."""

    def test_fresh_debian_is_installed_on(self) -> None:
        """Root on a Debian machine without Docker gets an engine."""
        assert engine.plan(FRESH) == Install()

    def test_ubuntu_is_like_debian(self) -> None:
        """Ubuntu, and whatever calls itself like it, is installed on as well."""
        assert engine.plan(changed(FRESH, distributions=frozenset({"pop", "ubuntu"}))) == Install()

    @pytest.mark.parametrize("systemd", [True, False])
    def test_installed_engine_is_started(self, *, systemd: bool) -> None:
        """An engine that is installed is started and not installed again."""
        assert engine.plan(changed(FRESH, installed=True, systemd=systemd)) == Start(systemd)

    def test_starting_daemon_is_waited_for(self) -> None:
        """A daemon that runs but is silent is waited for and not started twice."""
        assert engine.plan(changed(FRESH, installed=True, daemon=4711)) == Wait(4711)

    def test_daemon_is_waited_for_everywhere(self) -> None:
        """Waiting changes nothing, so it is right on any distribution."""
        fedora = changed(FRESH, distributions=frozenset({"fedora"}), daemon=4711)

        assert engine.plan(fedora) == Wait(4711)

    @given(machines, st.sampled_from(["20.10.24", "28.0.4"]))
    def test_living_engine_is_always_used(self, machine: Machine, version: str) -> None:
        """Whatever else is true of a machine, an engine that answers is used as it is."""
        assert engine.plan(changed(machine, version=version)) == Use(version)

    @given(machines)
    def test_docker_host_is_never_a_reason_to_act(self, machine: Machine) -> None:
        """Whoever sets DOCKER_HOST wants that engine and no other."""
        decision = engine.plan(changed(machine, docker_host="tcp://127.0.0.1:1"))

        assert isinstance(decision, Use | Refuse)

    @given(machines)
    def test_only_root_on_debian_or_ubuntu_changes_the_machine(self, machine: Machine) -> None:
        """Nothing is installed or started but by root with all rights on Debian or Ubuntu."""
        if isinstance(engine.plan(machine), Install | Start):
            assert machine.root
            assert machine.privileged
            assert machine.system == "Linux"
            assert machine.distributions & {"debian", "ubuntu"}
            assert machine.daemon is None

    @given(machines)
    def test_refusal_is_one_line_with_a_way_out(self, machine: Machine) -> None:
        """Every refusal is one line that says what the user can do."""
        decision = engine.plan(machine)

        if isinstance(decision, Refuse):
            what, colon, hint = decision.message.rpartition(": ")
            assert (bool(what), colon, bool(hint)) == (True, ": ", True)
            assert "\n" not in decision.message


class TestMessages:
    """Each refusal names its own reason and its own way out."""

    def test_dead_docker_host(self) -> None:
        """The variable, its value and the reason of the silence are all named."""
        machine = changed(FRESH, docker_host="tcp://127.0.0.1:1", silence="Connection refused")

        expected = (
            "DOCKER_HOST is tcp://127.0.0.1:1, but no engine responds there (Connection refused): "
            "start that engine, or unset DOCKER_HOST"
        )
        assert expected == message_for(machine)

    @pytest.mark.parametrize(
        ("facts", "hint"),
        [
            ({"system": "Darwin"}, "start Docker Desktop"),
            ({"forbidden": True, "root": False}, "usermod -aG docker"),
            ({"root": False}, "run `make setup` once as root"),
            ({"distributions": frozenset({"fedora"})}, "install and start Docker Engine"),
            ({"distributions": frozenset()}, "install and start Docker Engine"),
            ({"privileged": False}, "start the container with --privileged"),
        ],
    )
    def test_hint_fits_the_reason(self, facts: dict[str, object], hint: str) -> None:
        """The way out is the one for this very machine."""
        assert hint in message_for(changed(FRESH, **facts))


class TestFacts:
    """The machine is read from its own files."""

    @pytest.mark.parametrize(
        ("os_release", "expected"),
        [
            ('PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\nVERSION_ID="12"\n', {"debian"}),
            ("ID=ubuntu\nID_LIKE=debian\n", {"ubuntu", "debian"}),
            ('ID="pop"\nID_LIKE="ubuntu debian"\n', {"pop", "ubuntu", "debian"}),
            ("ID='rhel'\nID_LIKE='fedora'\nVARIANT_ID=debian\n", {"rhel", "fedora"}),
            ("# ID=debian\n\nNAME=x\n", set()),
            ('ID="debian\n', {'"debian'}),
            ("", set()),
        ],
    )
    def test_distributions(self, os_release: str, expected: set[str]) -> None:
        """ID and ID_LIKE count, quoted or not, and nothing else does."""
        assert expected == machine.distributions(os_release)

    @given(st.text())
    def test_any_os_release_is_read(self, os_release: str) -> None:
        """No os-release, however broken, stops the program, and no name has a blank in it."""
        assert all(name and not re.search(r"\s", name) for name in machine.distributions(os_release))

    @pytest.mark.parametrize(
        ("status", "expected"),
        [
            ("Name:\tpython\nCapEff:\t000001ffffffffff\n", True),
            ("CapEff:\t0000000000200000\n", True),
            ("CapEff:\t00000000a80425fb\n", False),  # root in an ordinary container
            ("CapPrm:\t000001ffffffffff\n", False),
            ("", False),
        ],
    )
    def test_right_to_mount(self, status: str, *, expected: bool) -> None:
        """It is CAP_SYS_ADMIN among the effective capabilities that counts."""
        assert machine.may_mount(status) is expected

    def test_absent_file_reads_as_empty(self, tmp_path: Path) -> None:
        """A machine that lacks a file is a machine, too."""
        assert machine.read(tmp_path / "os-release") == ""

    def test_root_cause_is_the_system_error(self) -> None:
        """The reason of a silence is what the system said, not what the libraries made of it."""
        denied = PermissionError(13, "Permission denied")
        wrapped = DockerException("Error while fetching server API version")
        wrapped.__context__ = ConnectionError("Connection aborted.")
        wrapped.__context__.__cause__ = denied

        assert machine.root_cause(wrapped) is denied

    def test_root_cause_without_system_error_is_the_error(self) -> None:
        """Where the system said nothing, the library's sentence stands."""
        wrapped = DockerException("Install paramiko package to enable ssh:// support")
        wrapped.__context__ = NameError("name 'SSHHTTPAdapter' is not defined")

        assert machine.root_cause(wrapped) is wrapped


class TestRunningDaemon:
    """A dockerd counts when it could be in the way of another one."""

    @staticmethod
    def add(processes: Path, name: str, command: str, *, mnt: int | None, net: int | None) -> None:
        """Add a process to a tree like /proc."""
        directory = processes / name
        (directory / "ns").mkdir(parents=True)
        (directory / "comm").write_text(f"{command}\n")
        for kind, number in (("mnt", mnt), ("net", net)):
            if number is not None:
                (directory / "ns" / kind).symlink_to(f"{kind}:[{number}]")

    @pytest.mark.parametrize(
        ("command", "mnt", "net", "expected"),
        [
            pytest.param("dockerd", 1, 1, 42, id="of-this-machine"),
            pytest.param("dockerd", 2, 1, 42, id="shares-the-network"),
            pytest.param("dockerd", 1, 2, 42, id="shares-the-files"),
            pytest.param("dockerd", 2, 2, None, id="inside-a-container"),
            pytest.param("dockerd", None, None, None, id="dead-and-not-reaped"),
            pytest.param("containerd", 1, 1, None, id="something-else"),
        ],
    )
    def test_daemon_is_found(
        self, tmp_path: Path, command: str, mnt: int | None, net: int | None, expected: int | None
    ) -> None:
        """One that shares files or network is found, one in a container of its own is not."""
        self.add(tmp_path, "self", "python", mnt=1, net=1)
        self.add(tmp_path, "7", "bash", mnt=1, net=1)
        self.add(tmp_path, "42", command, mnt=mnt, net=net)

        assert expected == machine.running_daemon(tmp_path)

    def test_machine_without_processes(self, tmp_path: Path) -> None:
        """Where there is no /proc there is no daemon."""
        assert machine.running_daemon(tmp_path / "proc") is None


class TestCommandLine:
    """The program as `make setup` runs it."""

    def test_dead_docker_host_is_refused(self) -> None:
        """A dead DOCKER_HOST gives exit status 3 and one line with a hint, and nothing is installed."""
        process = engine_setup(DOCKER_HOST="tcp://127.0.0.1:1")

        expected = (
            "engine: DOCKER_HOST is tcp://127.0.0.1:1, but no engine responds there (Connection refused): "
            "start that engine, or unset DOCKER_HOST\n"
        )
        assert (3, "", expected) == (process.returncode, process.stdout, process.stderr)

    def test_docker_host_without_sense_is_refused(self) -> None:
        """A DOCKER_HOST that is no address is refused in a line as well, without a traceback."""
        process = engine_setup(DOCKER_HOST="tcp://nowhere:port")

        assert process.returncode == engine.NO_ENGINE
        assert len(process.stderr.splitlines()) == 1

    def test_socket_nobody_listens_on_is_refused(self, tmp_path: Path) -> None:
        """A socket that a dead engine left behind is not taken for an engine."""
        path = tmp_path / "docker.sock"
        with socket.socket(socket.AF_UNIX) as left_behind:
            left_behind.bind(str(path))
        process = engine_setup(DOCKER_HOST=f"unix://{path}")

        assert process.returncode == engine.NO_ENGINE
        assert "(Connection refused)" in process.stderr

    @pytest.mark.engine
    def test_living_engine_is_left_alone(self, tmp_path: Path) -> None:
        """Beside an engine that answers nothing is run, and one line names its version."""
        for program in ("apt-get", "dockerd", "systemctl", "mount"):
            decoy = tmp_path / program
            decoy.write_text(f"#!/bin/sh\ntouch {tmp_path}/called\n")
            decoy.chmod(0o755)
        process = engine_setup(PATH=f"{tmp_path}:{os.environ['PATH']}")

        assert process.returncode == 0
        assert process.stderr == ""
        assert re.fullmatch(r"engine: Docker Engine \S+ is running\n", process.stdout)
        assert not (tmp_path / "called").exists()


class TestEnvironment:
    """The virtual environment is made by a shell script, for there may be no Python that could make it."""

    @staticmethod
    def refusal(python: str, directory: Path) -> tuple[int, str]:
        """Run the script with a Python that will not do, and return its exit status and its words."""
        process = subprocess.run(
            [ROOT / "scripts/environment.sh", python],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not (directory / ".venv").exists()
        return process.returncode, process.stderr

    def test_old_python_is_refused(self, tmp_path: Path) -> None:
        """A Python that is too old is named with its version, in one line with a hint."""
        python = tmp_path / "python3.9"
        python.write_text('#!/bin/sh\ncase "$2" in *print*) echo 3.9 ;; *) exit 1 ;; esac\n')
        python.chmod(0o755)

        expected = f"environment: expected Python 3.11 or newer, but {python} is 3.9; pass another: make PYTHON=...\n"
        assert (3, expected) == self.refusal(str(python), tmp_path)

    def test_absent_python_is_refused(self, tmp_path: Path) -> None:
        """A Python that is not there is named, in one line with a hint."""
        expected = "environment: python3.99 not found; pass Python 3.11 or newer: make PYTHON=...\n"

        assert (3, expected) == self.refusal("python3.99", tmp_path)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a checkout that is set up already, whose programs print how they are called."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    for name in ("python", "pytest", "ruff", "mypy"):
        (programs / name).write_text(f"#!/bin/sh\nprintf '<%s>' {name} \"$@\"\necho\n")
        (programs / name).chmod(0o755)
    (tmp_path / ".venv/stamp").touch()
    return tmp_path


class TestMakefile:
    """Each target does what its line of help says."""

    @staticmethod
    def make(checkout: Path, *arguments: str) -> list[str]:
        """Return the lines that make prints."""
        return subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=checkout,
            env=OUTSIDE_MAKE,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout.splitlines()

    def test_help_lists_every_target(self, checkout: Path) -> None:
        """`make` alone lists the targets, with a line each."""
        listed = [line.split()[1] for line in self.make(checkout)]

        expected = [
            "help",
            "setup",
            "conformance",
            "test",
            "check",
            "lint",
            "images",
            "docs",
            "suite",
            "sizes",
            "benchmark",
            "hostile",
            "clients",
            "localmode",
            "onaws",
        ]
        expected += [
            "alone",
            "hundred",
            "terminations",
            "faults",
            "fuzz",
            "table",
            "mutation",
            "steady",
            "engines",
            "probe",
            "clean",
        ]
        assert expected == listed

    def test_example_is_built_and_judged(self, checkout: Path) -> None:
        """Without an image the example is built, and judged with its own job and data."""
        job, s3 = "fixtures/sklearn/job.json", "fixtures/sklearn/s3"

        expected = [
            "<python><-m><scripts.engine>",
            "<python><-m><images.builder.build><examples/sklearn>",
            f"<pytest><--image=conformance/examples-sklearn><--image-job={job}><--image-s3={s3}>",
        ]
        assert expected == self.make(checkout, "conformance")

    def test_only_the_image_is_judged(self, checkout: Path) -> None:
        """An image that is given is judged without the example's job, and nothing is built for it."""
        expected = ["<python><-m><scripts.engine>", "<pytest><--image=mine:1>"]

        assert expected == self.make(checkout, "conformance", "IMAGE=mine:1")

    def test_values_arrive_letter_by_letter(self, checkout: Path) -> None:
        """Neither make nor the shell reads anything into what the user types."""
        job, s3 = "my job's $(HOME) `id`.json", 'a"b $HOME;c\\d &'
        *_, judged = self.make(checkout, "conformance", "IMAGE=mine:1", f"JOB={job}", f"S3={s3}")

        assert judged == f"<pytest><--image=mine:1><--image-job={job}><--image-s3={s3}>"

    def test_tests_come_last(self, checkout: Path) -> None:
        """What can fail without an image comes first, and pytest has the last word."""
        expected = [
            "<ruff><check><--quiet>",
            "<ruff><format><--check><--quiet>",
            "<mypy><--no-error-summary>",
            "<python><-m><scripts.engine>",
            "<python><-m><images.builder.build>",
            "<python><-m><pytest><-n><4><--dist><worksteal>",
        ]
        assert expected == self.make(checkout, "test")

    def test_a_check_needs_no_engine(self, checkout: Path) -> None:
        """Style and types, then the tests that are not marked with it; neither engine nor images are asked for."""
        expected = [
            "<ruff><check><--quiet>",
            "<ruff><format><--check><--quiet>",
            "<mypy><--no-error-summary>",
            "<python><-m><pytest><-n><auto><-m><not engine>",
        ]
        assert expected == self.make(checkout, "check")

    def test_continuous_integration_runs_the_same_tests(self, checkout: Path) -> None:
        """`.ci/run` does what `make test` does, wherever it is called, with the probe's compiler."""
        (checkout / ".ci").mkdir()
        shutil.copy(ROOT / ".ci/run", checkout / ".ci")
        process = subprocess.run(
            [checkout / ".ci/run"],
            cwd="/",
            env=OUTSIDE_MAKE,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )

        compiler, *tests = process.stdout.splitlines()
        assert compiler.startswith("<python><-m><pip><install>")
        assert compiler.endswith("<--editable><.[probe]>")
        assert self.make(checkout, "test") == tests

    def test_continuous_integration_goes_on_without_the_compiler(self, checkout: Path) -> None:
        """Where it cannot be had, that is one line, and the tests say which of them need it."""
        (checkout / ".ci").mkdir()
        shutil.copy(ROOT / ".ci/run", checkout / ".ci")
        (checkout / ".venv/bin/python").write_text('#!/bin/sh\n[ "$2" != pip ] || exit 1\necho "$2"\n')
        process = subprocess.run(
            [checkout / ".ci/run"], env=OUTSIDE_MAKE, capture_output=True, text=True, timeout=60, check=True
        )

        said = process.stdout.splitlines()
        assert ("ci: the compiler of the probe could not be installed", "pytest") == (said[0], said[-1])

    def test_failure_of_the_tests_fails_continuous_integration(self, checkout: Path) -> None:
        """Whatever pytest's status, another than 0 is one of `.ci/run` as well, and pytest's last line is told."""
        (checkout / ".ci").mkdir()
        shutil.copy(ROOT / ".ci/run", checkout / ".ci")
        (checkout / ".venv/bin/python").write_text('#!/bin/sh\n[ "$2" != pytest ] || { echo closing; exit 5; }\n')
        process = subprocess.run(
            [checkout / ".ci/run"], env=OUTSIDE_MAKE, capture_output=True, text=True, timeout=60, check=False
        )

        assert process.returncode != 0
        assert process.stdout.splitlines()[-1] == "closing"

    def test_clean_keeps_the_sources(self, checkout: Path) -> None:
        """What the checkout made goes, what was cloned stays."""
        (checkout / "conformance/__pycache__").mkdir(parents=True)
        (checkout / "conformance-report").mkdir()
        self.make(checkout, "clean")
        left = {path.name for path in checkout.iterdir()}

        assert left == {"Makefile", "pyproject.toml", "conformance"}
        assert not list((checkout / "conformance").iterdir())
