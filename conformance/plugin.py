"""The pytest plugin: hooks only, importing nothing that a session without `--image` does not need.

pytest loads an installed plugin in every session of its environment, so importing this module must be cheap.
"""

from __future__ import annotations

import pytest

from conformance.session.options import add_options


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """With `--image`, collect the checks; tryfirst, before pytest's own JUnit plugin reads where to write."""
    if config.getoption("--image") is None:
        return
    from conformance.session.hooks import SessionHooks  # noqa: PLC0415 - brings docker

    config.pluginmanager.register(SessionHooks.begin(config), "conformance.hooks")
