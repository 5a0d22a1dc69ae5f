"""Chapter `environment`: what an image puts into every job's environment."""

import pytest

from conformance.verdict import Word
from tests.outcomes import image, judged

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
    assert (f"Expected no AWS credentials in ENV, and it sets {name}, which outranks the role of the job.",) == (
        verdict.violations
    )
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
    assert (f"Expected no secrets in ENV, and it sets {name} to a value of 13 characters.",) == verdict.violations
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
    assert (f"Expected no region in ENV, and it sets {name}=eu-west-1.",) == verdict.violations
    assert Word.CONFORMS == judged(REGION, image(environment={name: ""})).word
