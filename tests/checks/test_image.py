"""Chapter `image`: what an image says of itself."""

import pytest

from conformance.verdict.verdict import Word
from tests.support.outcomes import LOADER, directory, elf, file, image, judged, link, program, request

SHELL_FORM = ("/bin/sh", "-c", "python3 /processing.py")


@pytest.mark.parametrize(
    "check",
    [
        "image.platform",
        "image.has-command",
        "image.entrypoint-exec-form",
        "image.entrypoint-exists",
        "image.entrypoint-executable",
        "image.entrypoint-shebang",
        "image.entrypoint-machine",
        "image.entrypoint-loader",
        "image.user-resolvable",
        "image.script-argument-exists",
        "image.volume-under-opt-ml",
    ],
)
def test_a_good_image_conforms(check: str) -> None:
    """The one that every test here departs from."""
    assert Word.CONFORMS == judged(check).word


@pytest.mark.parametrize("platform", [("linux", "arm64"), ("linux", "386"), ("windows", "amd64")])
def test_another_platform_violates(platform: tuple[str, str]) -> None:
    """The sentence names both."""
    verdict = judged("image.platform", image(os=platform[0], architecture=platform[1]))

    assert Word.VIOLATES == verdict.word
    assert (f"Expected platform linux/amd64, but the image is for {'/'.join(platform)}.",) == verdict.violations


def test_an_image_needs_a_command() -> None:
    """Where no request is given, or where one relies on the image."""
    bare = image(entrypoint=[])

    assert Word.VIOLATES == judged("image.has-command", bare).word
    assert Word.VIOLATES == judged("image.has-command", bare, requests=(request(),)).word
    assert "has neither" in judged("image.has-command", bare).violations[0]


def test_a_command_alone_will_do() -> None:
    """ENTRYPOINT or CMD."""
    assert Word.CONFORMS == judged("image.has-command", image(entrypoint=[], cmd=["python3"])).word


def test_an_image_that_is_always_overridden_needs_no_command() -> None:
    """As the SDK's ScriptProcessor runs it; one request that relies on the image is enough to need one."""
    overriding = request(overrides={"ContainerEntrypoint": ["python3"]})
    verdict = judged("image.has-command", image(entrypoint=[]), requests=(overriding,))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert Word.VIOLATES == judged("image.has-command", image(entrypoint=[]), requests=(overriding, request())).word


@pytest.mark.parametrize(
    "entrypoint",
    [["/usr/bin/tini", "--"], ["/entrypoint.sh"], ["bash", "/entrypoint.sh"], ["conda", "run", "-n", "env", "python"]],
)
def test_a_wrapper_is_no_shell_form(entrypoint: list[str]) -> None:
    """Nor is it one with a CMD in shell form, which are its arguments."""
    assert Word.CONFORMS == judged("image.entrypoint-exec-form", image(entrypoint=entrypoint, cmd=SHELL_FORM)).word


def test_a_missing_program_violates() -> None:
    """The sentence says where it was looked for."""
    verdict = judged("image.entrypoint-exists", image(entrypoint=["python3.6", "/processing.py"]))

    assert Word.VIOLATES == verdict.word
    assert "'python3.6'" in verdict.violations[0]
    assert "/usr/bin" in verdict.violations[0]
    assert Word.CONFORMS == judged("image.entrypoint-executable", image(entrypoint=["python3.6"])).word


def test_a_program_behind_links_is_there() -> None:
    """As /usr/bin/java through /etc/alternatives."""
    java = (
        link("/usr/bin/java", "/etc/alternatives/java"),
        link("/etc/alternatives/java", "../../usr/lib/jvm/bin/java"),
        program("/usr/lib/jvm/bin/java"),
    )

    assert Word.CONFORMS == judged("image.entrypoint-exists", image(*java, entrypoint=["java"])).word
    assert Word.CONFORMS == judged("image.entrypoint-executable", image(*java, entrypoint=["java"])).word


def test_the_command_is_cmd_where_there_is_no_entrypoint() -> None:
    """Its first word is the program."""
    assert Word.VIOLATES == judged("image.entrypoint-exists", image(entrypoint=[], cmd=["gone"])).word


@pytest.mark.parametrize(
    ("entry", "said"),
    [(file("/run.sh"), "mode 0644"), (directory("/run.sh"), "is a directory")],
    ids=["mode", "directory"],
)
def test_what_may_not_be_executed_violates(entry: object, said: str) -> None:
    """It is there, so it is this check's to name and not the other's."""
    broken = image(entry, entrypoint=["/run.sh"])  # type: ignore[arg-type] # a builder's entry
    verdict = judged("image.entrypoint-executable", broken)

    assert Word.VIOLATES == verdict.word
    assert said in verdict.violations[0]
    assert Word.CONFORMS == judged("image.entrypoint-exists", broken).word


@pytest.mark.parametrize("check", ["image.entrypoint-exists", "image.entrypoint-executable"])
def test_without_a_command_there_is_no_program_to_judge(check: str) -> None:
    """Another check names that."""
    verdict = judged(check, image(entrypoint=[]))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "image.has-command" in verdict.reason


SHEBANG = "image.entrypoint-shebang"
BUSYBOX = (program("/bin/busybox", elf("")), link("/bin/sh", "/bin/busybox"))
ENV = program("/usr/bin/env", elf())


def script(head: bytes, *others: object, **rest: object) -> object:
    """An image whose ENTRYPOINT is a script that begins so."""
    return image(program("/run.sh", head), *others, entrypoint=["/run.sh"], **rest)  # type: ignore[arg-type] # builders' entries


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"exec python3 /x.py\n", "/run.sh starts with neither `#!` nor an ELF header"),
        (b"\n#!/bin/sh\n", "starts with neither"),
        (b"MZ\x90\0", "starts with neither"),
        (b"\xef\xbb\xbf#!/bin/sh\n", "it has a byte order mark before `#!`"),
        (b"#!\nexec x\n", "its `#!` line names no interpreter"),
        (b"#!/bin/bash\n", "its interpreter is '/bin/bash', but /bin/bash does not exist"),
        (b"#!/etc\n", "its interpreter is '/etc', but /etc is a directory"),
        (b"#!/notes\n", "but /notes has mode 0644"),
        (b"#!/bin/sh\r\n", "its `#!` line ends in a carriage return, which becomes part of '/bin/sh\\r'"),
        (b"#!/bin/sh -e\r\n", "carriage return, which becomes part of '-e\\r'"),
        (b"#!/usr/bin/env python3\r\n", "carriage return, which becomes part of 'python3\\r'"),
        (b"#!/usr/bin/perl\r\n", "ends in a carriage return"),
        (b"#!/usr/bin/env python2\n", "makes `env` look for 'python2', but no directory of PATH has it"),
        (b"#!/usr/bin/env python3 -u\n", "makes `env` look for 'python3 -u'"),
        (b"#!/usr/bin/env -S python2 -u\n", "makes `env` look for 'python2'"),
        (b"#!sh\n", "its interpreter is 'sh', but /sh does not exist"),
    ],
)
def test_a_script_that_the_kernel_cannot_run_violates(head: bytes, said: str) -> None:
    """The sentence says what is wrong with its first line."""
    broken = script(head, *BUSYBOX, ENV, program("/usr/bin/perl", elf()), directory("/etc"), file("/notes"))
    verdict = judged(SHEBANG, broken)  # type: ignore[arg-type] # an image

    assert Word.VIOLATES == verdict.word
    assert said in verdict.violations[0]


def test_an_empty_program_violates() -> None:
    """As a copy that failed leaves it; the kernel takes it for no program."""
    empty = file("/run.sh", mode=0o755, size=0)

    assert "/run.sh is empty" in judged(SHEBANG, image(empty, entrypoint=["/run.sh"])).violations[0]


@pytest.mark.parametrize(
    "head",
    [
        b"#!/bin/sh\n",
        b"#!/bin/sh",
        b"#! /bin/sh -e \n",
        b"#!\t/bin/sh\t-e\n",
        b"#!bin/sh\n",
        b"#!/bin/sh\necho\r\n",
        b"#!/usr/bin/env python3\n",
        b"#!/usr/bin/env -S python3 -u\n",
        b"#!/usr/bin/env -S -i PATH=/opt/bin python3 -u\n",
        b"#!/usr/bin/env -Spython3 -u\n",
        b"#!/usr/bin/env -S ${SHELL} -e\n",
        b"#!/usr/bin/env -vS unknown\n",
        b"#!/usr/bin/env\n",
        b"#!/usr/bin/perl -w\r\n",
        b"#!/usr/local/bin/wrapped -x\n",
        b"\x7fELF and then nothing that is known",
        b"",
    ],
)
def test_a_script_that_runs_conforms(head: bytes) -> None:
    """Also where the interpreter is an applet, a script itself, or asked for in ways that only `env` understands."""
    wrapped = program("/usr/local/bin/wrapped", b"#!/usr/bin/env python3\n")
    good = script(head, *BUSYBOX, ENV, program("/usr/bin/perl", elf()), wrapped)

    assert Word.CONFORMS == judged(SHEBANG, good).word  # type: ignore[arg-type] # an image


def test_a_script_in_path_is_judged_too() -> None:
    """What counts is what the word leads to, through PATH and links."""
    found = image(link("/usr/bin/run", "/opt/run.sh"), program("/opt/run.sh", b"#!/bin/none\n"), entrypoint=["run"])

    assert "/opt/run.sh cannot be run" in judged(SHEBANG, found).violations[0]


def test_an_interpreter_that_is_a_script_is_judged_too() -> None:
    """The kernel follows it."""
    wrapped = program("/wrapped", b"echo\n")

    assert "/wrapped starts with neither" in judged(SHEBANG, script(b"#!/wrapped\n", wrapped)).violations[0]  # type: ignore[arg-type] # an image


def test_a_script_that_is_its_own_interpreter_ends_the_search() -> None:
    """The engine refuses it, which a run shows; here it must only end."""
    assert Word.CONFORMS == judged(SHEBANG, script(b"#!/run.sh\n")).word  # type: ignore[arg-type] # an image


def test_where_path_has_relative_places_env_may_find_more() -> None:
    """It looks below WORKDIR too, as the engine does not."""
    good = script(b"#!/usr/bin/env tool\n", ENV, environment={"PATH": "bin:/usr/bin"})

    assert Word.CONFORMS == judged(SHEBANG, good).word  # type: ignore[arg-type] # an image


@pytest.mark.parametrize("check", [SHEBANG, "image.entrypoint-machine", "image.entrypoint-loader"])
@pytest.mark.parametrize("entrypoint", [[], ["gone"], ["/notes"]])
def test_what_is_no_program_is_judged_by_other_checks(check: str, entrypoint: list[str]) -> None:
    """Those of the command, of the file and of its mode."""
    assert Word.CONFORMS == judged(check, image(file("/notes"), entrypoint=entrypoint)).word


MACHINE = "image.entrypoint-machine"


def test_a_program_for_another_machine_violates() -> None:
    """The sentence names both platforms; what else is wrong with the program is not told as well."""
    broken = image(program("/count", elf("/lib/ld-linux-aarch64.so.1", machine=183)), entrypoint=["/count"])
    verdict = judged(MACHINE, broken)

    assert Word.VIOLATES == verdict.word
    assert (
        "Expected '/count' to be a program for linux/amd64, but /count is built for arm64 (64 bits).",
    ) == verdict.violations
    assert "see image.entrypoint-machine" in judged("image.entrypoint-loader", broken).reason


@pytest.mark.parametrize("head", [elf(bits=32), elf(machine=62, big_endian=True), elf(machine=9999), elf(machine=40)])
def test_class_and_byte_order_count(head: bytes) -> None:
    """A machine is known by all three."""
    assert Word.VIOLATES == judged(MACHINE, image(program("/count", head), entrypoint=["/count"])).word


def test_a_machine_that_has_no_name_is_told_by_its_number() -> None:
    """As its header has it."""
    (violation,) = judged(MACHINE, image(program("/count", elf(machine=9999)), entrypoint=["/count"])).violations

    assert violation.endswith("but /count is built for machine 9999 (64 bits).")


def test_the_interpreter_of_a_script_must_fit_too() -> None:
    """As an image has it that got its Python from a stage of another platform."""
    assert Word.VIOLATES == judged(MACHINE, script(b"#!/py\n", program("/py", elf(machine=183)))).word  # type: ignore[arg-type] # an image


@pytest.mark.parametrize(
    "head",
    [elf(), elf(""), elf(machine=3, bits=32), b"#!/bin/sh\n", b"\x7fELF", b""],
    ids=["glibc", "static", "386", "script", "broken", "unread"],
)
def test_a_program_for_the_machine_conforms(head: bytes) -> None:
    """An amd64 processor runs programs of 32 bits as well."""
    assert Word.CONFORMS == judged(MACHINE, image(program("/count", head), entrypoint=["/count"])).word


def test_an_image_for_another_platform_is_one_violation() -> None:
    """Whether its programs are for that platform or for another."""
    for machine in (183, 62):
        foreign = image(program("/x", elf(machine=machine)), entrypoint=["/x"], architecture="arm64")

        assert Word.VIOLATES == judged("image.platform", foreign).word
        assert Word.VIOLATES != judged(MACHINE, foreign).word
        assert Word.VIOLATES != judged("image.entrypoint-loader", foreign).word


def test_an_unknown_architecture_is_not_guessed_at() -> None:
    """Only the label can be judged."""
    assert Word.CONFORMS == judged(MACHINE, image(architecture="vax")).word


LOADER_CHECK = "image.entrypoint-loader"


@pytest.mark.parametrize("loader", ["/lib/ld-musl-x86_64.so.1", "/nix/store/x/ld.so"])
def test_a_program_without_its_loader_violates(loader: str) -> None:
    """The sentence names it."""
    verdict = judged(LOADER_CHECK, image(program("/count", elf(loader)), entrypoint=["/count"]))

    assert Word.VIOLATES == verdict.word
    assert verdict.violations[0].startswith(f"Expected /count to find its loader {loader}, but /")
    assert verdict.violations[0].endswith(" does not exist.")


def test_a_loader_that_is_a_directory_violates() -> None:
    """It is no program."""
    broken = image(directory("/ld.so"), program("/count", elf("/ld.so")), entrypoint=["/count"])

    assert "/ld.so is a directory" in judged(LOADER_CHECK, broken).violations[0]


def test_programs_find_their_loaders_in_many_ways() -> None:
    """Static as Go's, musl's behind a link, of 32 bits, and one that is a distroless image's only other file."""
    musl = (link("/lib/ld-musl-x86_64.so.1", "libc.musl.so"), program("/lib/libc.musl.so", elf("")))
    small = program("/lib/ld-linux.so.2", elf("", machine=3, bits=32))
    for head in (elf(""), elf("/lib/ld-musl-x86_64.so.1"), elf("/lib/ld-linux.so.2", machine=3, bits=32), elf(LOADER)):
        good = image(*musl, small, program("/count", head), entrypoint=["/count"])

        assert Word.CONFORMS == judged(LOADER_CHECK, good).word


def test_a_loader_that_is_named_further_on_is_not_judged() -> None:
    """As `patchelf` leaves it; whether the program starts is seen when it is started."""
    far = elf("/nix/store/ld.so", loader_at=9000)[:4096]
    verdict = judged(LOADER_CHECK, image(program("/count", far), entrypoint=["/count"]))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert verdict.reason.startswith("/count names its loader beyond its first 4,096 bytes; launch.default-command ")


@pytest.mark.parametrize("env", [elf(), elf("/ld.so", loader_at=9000)[:4096]], ids=["well", "unread"])
def test_the_interpreter_of_a_script_must_find_its_loader_too(env: bytes) -> None:
    """Whatever comes before it: the script, and `env`, of which nothing may be known."""
    broken = script(b"#!/bin/env py\n", program("/bin/env", env), program("/bin/py", elf("/none.so")))

    assert ("Expected /bin/py to find its loader /none.so, but /none.so does not exist.",) == judged(
        LOADER_CHECK,
        broken,  # type: ignore[arg-type] # an image
    ).violations


ACCOUNTS = {
    "/etc/passwd": b"# accounts\nroot:x:0:0::/root:/bin/sh\nworker:x:1000:1000::/:/bin/sh\n\n",
    "/etc/group": b"root:x:0:\nstaff:x:50:worker\n",
}
USER = "image.user-resolvable"


@pytest.mark.parametrize(
    ("user", "name", "path"),
    [
        ("processing", "processing", "/etc/passwd"),
        ("staff", "staff", "/etc/passwd"),
        ("worker:docker", "docker", "/etc/group"),
        ("1000:worker", "worker", "/etc/group"),
        ("4294967296", "4294967296", "/etc/passwd"),
        ("-1", "-1", "/etc/passwd"),
        ("$USER", "$USER", "/etc/passwd"),
    ],
)
def test_a_user_without_an_account_violates(user: str, name: str, path: str) -> None:
    """The sentence names what was looked for, and where."""
    verdict = judged(USER, image(user=user, documents=ACCOUNTS))

    assert Word.VIOLATES == verdict.word
    assert (f"Expected USER {user} to exist in the image, but {path} has no {name!r}.",) == verdict.violations


@pytest.mark.parametrize("user", ["", "root", "worker", "worker:staff", "1000", "65532:65532", "0:staff", ":staff"])
def test_a_user_that_is_known_conforms(user: str) -> None:
    """A number needs no account."""
    assert Word.CONFORMS == judged(USER, image(user=user, documents=ACCOUNTS)).word


def test_an_image_without_accounts_takes_numbers_only() -> None:
    """As one that is made from scratch."""
    assert Word.CONFORMS == judged(USER, image(user="65532")).word
    assert Word.VIOLATES == judged(USER, image(user="root")).word


def test_accounts_that_lie_elsewhere_are_not_guessed_at() -> None:
    """Where /etc/passwd is a link, its content was not read."""
    linked = (link("/etc/passwd", "/nix/store/passwd"), file("/nix/store/passwd"))
    verdict = judged(USER, image(*linked, user="worker"))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert Word.CONFORMS == judged(USER, image(*linked, user="1000")).word


SCRIPT = "image.script-argument-exists"


@pytest.mark.parametrize(
    ("argv", "script"),
    [
        (["python3", "/gone.py"], "/gone.py"),
        (["python3", "-u", "-W", "ignore", "gone.py", "/processing.py"], "gone.py"),
        (["/usr/bin/env", "python3", "-Xdev", "/gone.py"], "/gone.py"),
        (["bash", "-eo", "pipefail", "/gone.sh"], "/gone.sh"),
        (["node", "/app/gone"], "/app/gone"),
        (["Rscript", "--vanilla", "/gone.R"], "/gone.R"),
        (["perl", "-w", "-I", "/lib", "/gone.pl"], "/gone.pl"),
        (["python3", "/opt/ml/code/gone.py"], "/opt/ml/code/gone.py"),
        (["python3", "/opt/ml/processing/../gone.py"], "/opt/ml/processing/../gone.py"),
    ],
)
def test_a_script_that_is_not_there_is_advised_against(argv: list[str], script: str) -> None:
    """The sentence names it."""
    verdict = judged(SCRIPT, image(entrypoint=argv, working_directory="/app"))

    assert Word.ADVISED == verdict.word
    assert repr(script) in verdict.violations[0]
    assert "does not exist" in verdict.violations[0]


@pytest.mark.parametrize(
    "argv",
    [
        ["python3", "/processing.py", "/not-a-script"],
        ["python3", "../processing.py"],
        ["python3", "/app"],
        ["python3", "-m", "gone"],
        ["python3", "-uc", "gone.py"],
        ["python3", "-"],
        ["python3"],
        ["python3", "/opt/ml/processing/input/code/run.py"],
        ["bash", "/opt/ml/processing/input/code/runproc.sh"],
        ["bash", "-c", "gone.sh"],
        ["sh", "-s", "gone.sh"],
        ["bash", "python3"],
        ["node", "server"],
        ["node", "--max-old-space-size=4096", "server.js"],
        ["node", "--some-option", "gone"],
        ["node", "-r", "gone", "server"],
        ["perl", "-MFile::Spec", "-ne", "print", "gone"],
        ["Rscript", "-e", "gone"],
        ["/processing.py", "/gone.py"],
        ["tini", "--", "python3", "/gone.py"],
        [],
    ],
)
def test_what_is_no_missing_script_conforms(argv: list[str]) -> None:
    """Modules, code in the command, what the job delivers, and programs whose command lines are not known."""
    good = image(file("/app/server.js"), entrypoint=argv, working_directory="/app")

    assert Word.CONFORMS == judged(SCRIPT, good).word


@pytest.mark.parametrize("volume", ["/opt/ml", "/opt/ml/", "/opt/ml/processing/output/result/cache"])
def test_a_volume_below_opt_ml_is_advised_against(volume: str) -> None:
    """The sentence names it."""
    verdict = judged("image.volume-under-opt-ml", image(volumes=("/data", volume)))

    assert Word.ADVISED == verdict.word
    assert (f"Expected no VOLUME at or below /opt/ml, but the image declares {volume}.",) == verdict.violations


def test_a_volume_elsewhere_is_free() -> None:
    """Also where its name begins as the reserved one's."""
    assert Word.CONFORMS == judged("image.volume-under-opt-ml", image(volumes=("/opt/mlflow", "/opt", "/data"))).word


def test_a_user_s_number_of_any_length_is_read() -> None:
    """One that no system has is not known, and is no trouble of the check's own."""
    verdict = judged("image.user-resolvable", image(user="9" * 5_000))

    assert Word.VIOLATES == verdict.word
    assert len(verdict.text) < 5_000
