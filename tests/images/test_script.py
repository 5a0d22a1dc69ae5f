"""Images that bring no program, as ScriptProcessor uses them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Ran

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("command", ["python3", "sh"])
def test_an_interpreter_is_judged_by_a_script_of_the_suites_own(
    command: str, tag: Callable[[str], str], conformance: Callable[..., Ran]
) -> None:
    """It conforms, stops included; only what a script of one host does not show is left open."""
    ran = conformance(tag("reference"), f"--image-script={command}", "--image-grace=2")

    assert set() == ran.failing, ran.output
    assert 0 == ran.status, ran.output
    assert "script" == ran.report["profile"]["name"]
    assert {"conforms"} == {
        ran.verdict(check)["verdict"]
        for check in (
            "message.utf8",
            "exit.nonzero-on-failure",
            "stop.sigint-reaches-the-program",
            "stop.ends-on-sigterm",
        )
    }
