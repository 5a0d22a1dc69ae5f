"""The engine is asked from many threads, while pytest changes the environment in its own."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from conformance.service import engine

pytestmark = pytest.mark.engine

CALLS = 300


def test_a_variable_that_comes_and_goes_disturbs_no_call(
    reached: engine.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `PYTEST_CURRENT_TEST` does with every test, in the midst of calls of other threads."""

    def ask(_: int) -> bool:
        return bool(reached.client.ping())

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    with ThreadPoolExecutor(4) as pool:
        answers = [pool.submit(ask, number) for number in range(CALLS)]
        while not all(answer.done() for answer in answers):
            monkeypatch.setenv("COMES_AND_GOES", "1")
            monkeypatch.delenv("COMES_AND_GOES")
    sys.setswitchinterval(interval)

    assert [True] * CALLS == [answer.result() for answer in answers]


def test_proxies_and_certificates_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """As they were when the engine was reached."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "nobody.example")
    reached = engine.connect()
    monkeypatch.delenv("HTTP_PROXY")

    assert (False, "http://127.0.0.1:9") == (reached.client.trust_env, reached.client.proxies["http"])
    assert reached.client.ping()
    assert os.environ.get("HTTP_PROXY") is None
