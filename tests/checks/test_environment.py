"""Chapter `environment`: what an image puts into every job's environment."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.job.variation import Variation
from conformance.outcome.outcome import Host, Outcome
from conformance.rule import odd_words, rerun
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import host, image, judged, outcome, process, program, ran, request, witness

SECRETS, REGION = "environment.no-secrets", "environment.no-fixed-region"


@pytest.mark.parametrize("check", [SECRETS, REGION])
def test_a_good_image_conforms(check: str) -> None:
    """With what the official Python images set: a signing key's public fingerprint is no secret."""
    ordinary = {"PATH": "/usr/bin", "GPG_KEY": "7169605F62C751356D054A26A821E680E5FA6305", "PYTHONUNBUFFERED": "1"}

    assert Word.CONFORMS == judged(check, image()).word
    assert Word.CONFORMS == judged(check, image(environment=ordinary)).word


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
def test_aws_credentials_are_advised_against(name: str) -> None:
    """They outrank the role's; the value is never told."""
    verdict = judged(SECRETS, image(environment={name: "AKIAEXAMPLEVALUE"}))

    assert Word.ADVISED == verdict.word
    assert (
        f"Expected no AWS credentials in ENV, but it sets {name}, which takes precedence over the job's role.",
    ) == (verdict.violations)
    assert "AKIAEXAMPLEVALUE" not in verdict.text


@pytest.mark.parametrize(
    "name",
    [
        *("DB_PASSWORD", "db_password", "PASSWORD", "HF_TOKEN", "CLIENT_SECRET", "OPENAI_API_KEY", "APIKEY"),
        "SSH_PRIVATE_KEY",
    ],
)
def test_other_secrets_are_advised_against(name: str) -> None:
    """By their names; the value is never told."""
    verdict = judged(SECRETS, image(environment={name: "correct horse"}))

    assert Word.ADVISED == verdict.word
    assert (f"Expected no secrets in ENV, but it sets {name} to a value of 13 characters.",) == verdict.violations
    assert "correct" not in verdict.text


@pytest.mark.parametrize(
    "entry",
    [
        "AWS_SECRET_ACCESS_KEY=",
        "DB_PASSWORD=",
        "DB_PASSWORD_FILE=/run/secrets/password",
        "AWS_WEB_IDENTITY_TOKEN_FILE=/var/run/token",
        "ALLOW_EMPTY_PASSWORD=yes",
        "HF_HUB_DISABLE_IMPLICIT_TOKEN=1",
        "USE_TOKEN=false",
        "EOS_TOKEN=</s>",
        "TLS_PRIVATE_KEY=/etc/tls/key.pem",
        "TOKEN=$TOKEN",
        "TOKENIZERS_PARALLELISM=false",
        "SECRETARY=somebody",
        "KEY=something",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=/v2/credentials",
    ],
)
def test_what_only_sounds_like_a_secret_conforms(entry: str) -> None:
    """Empty values, switches, files, and other words."""
    name, _, value = entry.partition("=")

    assert Word.CONFORMS == judged(SECRETS, image(environment={name: value})).word


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_fixed_region_is_advised_against(name: str) -> None:
    """The sentence names it; an empty value fixes none."""
    verdict = judged(REGION, image(environment={name: "eu-west-1"}))

    assert Word.ADVISED == verdict.word
    assert (f"Expected no region in ENV, but it sets {name}=eu-west-1.",) == verdict.violations
    assert Word.CONFORMS == judged(REGION, image(environment={name: ""})).word


REACHES = "environment.reaches-the-program"
SHELL = process(1, 0, "/bin/sh", "/run.sh")
WORK = process(8, 1, "python3", "/processing.py")
WRAPPER = image(program("/run.sh"), entrypoint=["/run.sh"])
ODD = odd_words.odd_environment(100)


def reaching(*got: dict[str, str], good: Outcome | None = None, ended: Host | None = None) -> Verdict:
    """The verdict where the stand-in found these variables, once for each time that it was started."""
    before = good or ran(SHELL, WORK)
    given = rerun.with_stand_in(WRAPPER, before).request
    found = tuple(witness("python3", "/processing.py", "--fast", environment=variables) for variables in got)
    seen = outcome(replace(ended or host(), witnesses=found), of=given, variation=Variation.STAND_IN)
    return judged(REACHES, WRAPPER, before, seen)


def test_variables_that_arrive_as_they_were_given_conform() -> None:
    """Beside those of the image, of the platform and of the wrapper."""
    assert Word.CONFORMS is reaching(ODD).word
    assert Word.CONFORMS is reaching({"PATH": "/usr/bin", **ODD, "PWD": "/"}).word


@pytest.mark.parametrize(
    ("got", "found"),
    [
        ({"PATH": "/usr/bin"}, "lacks CONFORMANCE_0, CONFORMANCE_1, CONFORMANCE_2 and 97 more."),
        ({**ODD, "CONFORMANCE_7": "x"}, "has different values for CONFORMANCE_7."),
        (
            {name: value.strip() for name, value in ODD.items() if name != "CONFORMANCE_99"},
            (
                "lacks CONFORMANCE_99 and has different values for CONFORMANCE_1, CONFORMANCE_28, CONFORMANCE_32 and "
                "4 more."
            ),
        ),
    ],
    ids=["env -i", "one changed", "read from a file"],
)
def test_variables_that_a_wrapper_loses_are_advised_against(got: dict[str, str], found: str) -> None:
    """The sentence has their names, and no value."""
    verdict = reaching(got)

    assert Word.ADVISED is verdict.word
    (advice,) = verdict.violations
    assert (
        "Expected 100 unusual variables to reach ['python3', '/processing.py'] on algo-1, but it " + found
    ) == advice


@pytest.mark.parametrize(
    "got",
    [
        {"PYTHONPATH": "/opt/program:/opt/ml/processing/input/code", "LEVEL": "debug"},
        {"PYTHONPATH": "/opt/ml/processing/input/code", "LEVEL": "DEBUG"},
        {"LEVEL": "debug"},
    ],
    ids=["extended", "normalised", "unset"],
)
def test_what_a_wrapper_makes_of_the_jobs_own_variables_is_its_own_affair(got: dict[str, str]) -> None:
    """It knows their names: those that it cannot know all arrived."""
    own = {"PYTHONPATH": "/opt/ml/processing/input/code", "LEVEL": "debug"}
    verdict = reaching({**odd_words.odd_environment(98), **got}, good=ran(SHELL, WORK, of=request(environment=own)))

    assert Word.CONFORMS is verdict.word


def test_the_jobs_own_variables_are_not_counted() -> None:
    """Nor named."""
    own = request(environment={"STAGE": "test"})
    (advice,) = reaching({}, good=ran(SHELL, WORK, of=own)).violations

    assert advice.startswith("Expected 99 unusual variables to reach ")
    assert "STAGE" not in advice


def test_the_last_start_of_the_program_counts() -> None:
    """What a wrapper asks of it before, it may ask with another environment."""
    assert Word.CONFORMS is reaching({}, ODD).word
    assert Word.ADVISED is reaching(ODD, {}).word


def test_a_job_that_has_no_room_for_further_variables_shows_nothing() -> None:
    """It has a hundred of its own."""
    full = ran(SHELL, WORK, of=request(environment={f"A{number}": "" for number in range(100)}))
    verdict = reaching({}, good=full)

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "no variables can be added: the request has the maximum" == verdict.reason


def test_a_wrapper_that_did_not_start_the_program_is_not_blamed() -> None:
    """It may read its first argument, and leave."""
    verdict = reaching(ended=host(exit_code=2, stderr="unknown command: two words\n"))

    assert (Word.NOT_JUDGED, False) == (verdict.word, verdict.applies)
    assert "did not start ['python3', '/processing.py'] and exited with code 2; stderr says:" in verdict.reason


def test_variables_count_for_a_container_entrypoint_too() -> None:
    """Whatever starts the program."""
    own = ran(SHELL, WORK, of=request(overrides={"ContainerEntrypoint": ["/run.sh"]}))

    assert Word.CONFORMS is reaching(ODD, good=own).word
    assert Word.ADVISED is reaching({}, good=own).word
