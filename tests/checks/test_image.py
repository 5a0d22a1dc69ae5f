"""Chapter `image`: what an image says of itself."""

import pytest

from conformance.verdict import Word
from tests.outcomes import directory, file, image, judged, link, program, request

SHELL_FORM = ("/bin/sh", "-c", "python3 /processing.py")


@pytest.mark.parametrize(
    "check",
    [
        "image.platform",
        "image.has-command",
        "image.entrypoint-exec-form",
        "image.entrypoint-exists",
        "image.entrypoint-executable",
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
    assert (f"Expected the platform linux/amd64, and the image says {'/'.join(platform)}.",) == verdict.violations


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
    [
        SHELL_FORM,
        ("/bin/bash", "-eo", "pipefail", "-c", "python3 /processing.py"),
        ("/bin/sh", "-c", "python3 /processing.py; true"),
        ("/bin/sh", "-c", "cd /app && exec python3 x.py"),
    ],
)
def test_a_shell_form_entrypoint_violates(entrypoint: tuple[str, ...]) -> None:
    """The sentence shows the words, and says what is wrong with them."""
    (violation,) = judged("image.entrypoint-exec-form", image(entrypoint=entrypoint)).violations

    assert Word.VIOLATES == judged("image.entrypoint-exec-form", image(entrypoint=entrypoint)).word
    assert str(list(entrypoint)) in violation
    assert "the shell is process 1" in violation
    assert violation.endswith("ContainerArguments are swallowed.")


def test_a_shell_that_becomes_the_program_is_advice() -> None:
    """`exec` hands signals on."""
    verdict = judged("image.entrypoint-exec-form", image(entrypoint=["sh", "-c", " exec python3 /processing.py"]))

    assert Word.ADVISED == verdict.word
    assert verdict.violations[0].endswith("; its `exec` hands signals on, but ContainerArguments are still swallowed.")


@pytest.mark.parametrize("command", ['exec python3 /x.py "$@"', 'python3 /x.py "$@"', "python3 /x.py $*"])
def test_arguments_that_are_handed_on_are_not_called_swallowed(command: str) -> None:
    """As `sh -c 'program "$@"' --` does; it is a shell all the same."""
    (violation,) = judged("image.entrypoint-exec-form", image(entrypoint=["sh", "-c", command, "--"])).violations

    assert "swallowed" not in violation
    assert "shell form" in violation


def test_a_shell_form_cmd_alone_is_advice() -> None:
    """The contract speaks of ENTRYPOINT."""
    verdict = judged("image.entrypoint-exec-form", image(entrypoint=[], cmd=SHELL_FORM))

    assert Word.ADVISED == verdict.word
    assert str(list(SHELL_FORM)) in verdict.violations[0]


@pytest.mark.parametrize(
    "entrypoint",
    [["/usr/bin/tini", "--"], ["/entrypoint.sh"], ["bash", "/entrypoint.sh"], ["conda", "run", "-n", "env", "python"]],
)
def test_a_wrapper_is_no_shell_form(entrypoint: list[str]) -> None:
    """Nor is it one with a CMD in shell form, which are its arguments."""
    assert Word.CONFORMS == judged("image.entrypoint-exec-form", image(entrypoint=entrypoint, cmd=SHELL_FORM)).word


def test_the_shell_form_of_the_images_own_shell_violates() -> None:
    """SHELL may begin with another program."""
    shell = ("conda", "run", "-n", "env", "/bin/bash", "-c")
    verdict = judged("image.entrypoint-exec-form", image(entrypoint=[*shell, "python3 /x.py"], shell=shell))

    assert Word.VIOLATES == verdict.word


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


@pytest.mark.parametrize("volume", ["/opt/ml", "/opt/ml/", "/opt/ml/processing/output/result/cache"])
def test_a_volume_below_opt_ml_is_advised_against(volume: str) -> None:
    """The sentence names it."""
    verdict = judged("image.volume-under-opt-ml", image(volumes=("/data", volume)))

    assert Word.ADVISED == verdict.word
    assert (f"Expected no VOLUME at or below /opt/ml, and the image declares {volume}.",) == verdict.violations


def test_a_volume_elsewhere_is_free() -> None:
    """Also where its name begins as the reserved one's."""
    assert Word.CONFORMS == judged("image.volume-under-opt-ml", image(volumes=("/opt/mlflow", "/opt", "/data"))).word
