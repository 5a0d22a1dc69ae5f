"""Chapter `image`: the image's command as the requests use it, or do not."""

import pytest

from conformance.image.image import Image
from conformance.verdict.verdict import Word
from tests.support.outcomes import elf, file, image, judged, not_started, outcome, program, request

OVERRIDING = request(overrides={"ContainerEntrypoint": ["python3", "/x.py"]})
ARGUMENTS = request(overrides={"ContainerArguments": ["count"]})
BROKEN = {
    "image.entrypoint-exists": image(entrypoint=["train"]),
    "image.entrypoint-executable": image(file("/run.sh"), entrypoint=["/run.sh"]),
    "image.entrypoint-shebang": image(program("/run.sh", b"echo"), entrypoint=["/run.sh"]),
    "image.entrypoint-machine": image(program("/x", elf(machine=183)), entrypoint=["/x"]),
    "image.entrypoint-loader": image(program("/x", elf("/lib/none")), entrypoint=["/x"]),
    "image.script-argument-exists": image(entrypoint=["python3", "/gone.py"]),
}


@pytest.mark.parametrize("check", BROKEN)
def test_a_broken_command_that_no_request_uses_is_not_judged(check: str) -> None:
    """As of an image for training that is run with ContainerEntrypoint only; one request that uses it is enough."""
    verdict = judged(check, BROKEN[check], requests=(OVERRIDING,))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "every request has its own ContainerEntrypoint" == verdict.reason
    assert (
        judged(check, BROKEN[check]).violations
        == judged(check, BROKEN[check], requests=(OVERRIDING, request())).violations
    )
    assert judged(check, BROKEN[check]).violations


@pytest.mark.parametrize("check", BROKEN)
def test_a_command_without_fault_conforms_though_no_request_uses_it(check: str) -> None:
    """It was looked at."""
    assert Word.CONFORMS is judged(check, requests=(OVERRIDING,)).word


@pytest.mark.parametrize("check", BROKEN)
def test_a_cmd_that_arguments_replace_is_not_judged(check: str) -> None:
    """Without an ENTRYPOINT they name the program themselves."""
    broken = BROKEN[check]
    cmd = Image(**{**vars(broken), "entrypoint": (), "cmd": broken.entrypoint})
    verdict = judged(check, cmd, requests=(ARGUMENTS,))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "every request names the program itself" == verdict.reason


COUNT = program("/opt/app/bin/count", elf(""))
OWN_PATH = {"PATH": "/opt/app/bin:/usr/bin"}


def test_the_program_is_looked_for_in_the_path_of_the_request() -> None:
    """As the engine does: by the environment of the container."""
    found = image(COUNT, entrypoint=["count"])

    assert Word.VIOLATES is judged("image.entrypoint-exists", found).word
    assert Word.CONFORMS is judged("image.entrypoint-exists", found, requests=(request(environment=OWN_PATH),)).word
    both = (request(environment=OWN_PATH), request())
    assert Word.VIOLATES is judged("image.entrypoint-exists", found, requests=both).word


def test_a_path_of_the_request_may_hide_the_program_too() -> None:
    """What the image's own PATH has is not looked for then."""
    asked = request(environment={"PATH": "/opt/app/bin"})

    assert Word.VIOLATES is judged("image.entrypoint-exists", image(), requests=(asked,)).word


def test_arguments_that_name_a_program_make_up_for_a_command() -> None:
    """Whether they do is judged by the check of arguments, in the PATH of the request."""
    bare = image(COUNT, entrypoint=[])
    asked = request(overrides={"ContainerArguments": ["count"]}, environment=OWN_PATH)
    verdict = judged("image.has-command", bare, requests=(asked,))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert Word.CONFORMS is judged("launch.arguments-need-an-entrypoint", bare, requests=(asked,)).word
    assert Word.VIOLATES is judged("launch.arguments-need-an-entrypoint", bare, requests=(ARGUMENTS,)).word


DEFAULT = "launch.default-command"
REFUSED = outcome(not_started("no such file"))


@pytest.mark.parametrize(
    "asked", [(OVERRIDING,), (request(environment=OWN_PATH),), (OVERRIDING, request(environment=OWN_PATH))]
)
def test_a_start_that_no_request_makes_is_not_judged(asked: tuple[object, ...]) -> None:
    """Each brings an entrypoint, or looks for the program in a PATH of its own."""
    verdict = judged(DEFAULT, image(COUNT, entrypoint=["count"]), REFUSED, requests=asked)  # type: ignore[arg-type] # requests

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)


def test_a_start_that_one_request_makes_is_judged() -> None:
    """And one that succeeds conforms, whoever makes it."""
    assert Word.VIOLATES is judged(DEFAULT, image(), REFUSED, requests=(OVERRIDING, request())).word
    assert Word.VIOLATES is judged(DEFAULT, image(), REFUSED).word
    assert Word.CONFORMS is judged(DEFAULT, image(), outcome(), requests=(OVERRIDING,)).word
