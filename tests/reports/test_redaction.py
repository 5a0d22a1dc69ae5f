"""What no report shows: credentials, and the values of variables whose names say that they are secret."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from conformance.image.image import Layer
from conformance.reports import logs, redaction
from conformance.reports.redaction import REDACTED
from conformance.reports.runs import LOG_CHARACTERS, WORD_CHARACTERS, run_record
from tests.support.outcomes import host, image, outcome, process, ran, request
from tests.support.reports import report

TOKEN = "tok-4711-0815-secret"
SHORT = "abc1"


def test_a_secret_of_the_request_stands_nowhere_in_the_record() -> None:
    """Neither in the request, nor in a command line, a log or the message; what is beside it stays."""
    asked = request(environment={"API_TOKEN": TOKEN, "DB_PASSWORD": SHORT, "MODE": "fast"})
    run = outcome(
        host(exit_code=1, stdout=f"using {TOKEN} now\n", argv=("run", f"--token={TOKEN}"), message=f"with {TOKEN}"),
        of=asked,
    )

    record = json.dumps(run_record(run))

    assert TOKEN not in record
    assert f"using {REDACTED} now" in record
    assert {"API_TOKEN": REDACTED, "DB_PASSWORD": REDACTED, "MODE": "fast"} == run_record(run)["request"]["Environment"]
    assert {"logs/example.as-requested/algo-1.stdout": f"using {REDACTED} now\n"} == logs.of_run(run)


def test_the_credentials_of_the_role_stand_nowhere_in_the_record() -> None:
    """Those that the suite gave to a host."""
    run = outcome(host(stdout=f"{TOKEN}\n", secret=TOKEN))

    assert TOKEN not in json.dumps(run_record(run))


def test_a_secret_of_the_image_stands_nowhere_in_the_report() -> None:
    """Neither in what its program said, nor among its layers."""
    layers = (Layer(10, f"RUN |1 PIP_TOKEN={SHORT}x MODE=fast /bin/sh -c pip install"),)
    of = image(environment={"HF_TOKEN": TOKEN}, layers=layers)
    found = report(ran(process(1, 0, "python3", TOKEN), stderr=TOKEN), of=of)

    assert TOKEN not in json.dumps(found)
    assert [f"RUN |1 PIP_TOKEN={REDACTED} MODE=fast /bin/sh -c pip install"] == [
        layer["created_by"] for layer in found["image"]["layers"]
    ]


@pytest.mark.parametrize("shift", range(0, len(TOKEN) + 2, 3))
def test_no_part_of_a_secret_is_left_where_evidence_is_cut(shift: int) -> None:
    """Neither of a log nor of an argument, wherever the cut falls."""
    asked = request(environment={"API_TOKEN": TOKEN})
    log = "x" * 50 + TOKEN + "y" * (LOG_CHARACTERS - shift)
    word = "x" * (WORD_CHARACTERS - 400 - shift) + TOKEN + "y" * WORD_CHARACTERS
    record = json.dumps(run_record(outcome(host(stdout=log, argv=("run", word)), of=asked)))

    assert [] == [part for at in range(len(TOKEN) - 4) if (part := TOKEN[at : at + 5]) in record]


@pytest.mark.parametrize("value", ["true", "/run/secrets/token", "https://tokens.example"])
def test_what_is_no_secret_is_shown(value: str) -> None:
    """A switch, a path or a URL is none, whatever its variable is called."""
    asked = request(environment={"API_TOKEN": value})

    assert {"API_TOKEN": value} == run_record(outcome(of=asked))["request"]["Environment"]


def test_a_short_secret_is_not_looked_for_in_text() -> None:
    """It may stand there by chance."""
    asked = request(environment={"API_TOKEN": "data"})

    assert redaction.redacted("the data", redaction.of_outcome(replace(outcome(), request=asked))) == "the data"
