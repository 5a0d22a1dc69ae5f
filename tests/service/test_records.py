"""Where what the tracer recorded is read from, on a real engine."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from conformance.image.image import Image
from conformance.job.variation import Variation
from conformance.probe import HANDED_OVER, RECORD
from conformance.service import engine
from conformance.service.containers import Container
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from tests.support.outcomes import request

pytestmark = pytest.mark.engine

LEAVE = f"import os; os.makedirs('/opt/ml/output', exist_ok=True); open('{HANDED_OVER}', 'w').write"


@pytest.mark.parametrize(
    ("program", "user", "expected"),
    [
        ("open('/opt/ml/output/message', 'w').write('done')", "", []),
        # Whatever stands there does not count, be it no record or an empty one.
        (f"{LEAVE}('{{}}')", "", [RECORD]),
        (f"{LEAVE}('0\\n')", "", [RECORD]),
        (f"{LEAVE}('9999999999999999999999\\n')", "", [RECORD]),
        # Who may write nothing at /opt/ml leaves none there.
        ("print()", "1234:1234", [RECORD]),
    ],
)
def test_a_record_is_asked_for_where_it_is_not_among_the_files(
    program: str,
    user: str,
    expected: list[str],
    reached: engine.Engine,
    image: Image,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The trace is complete either way, and no file of the suite's own is taken for the program's."""
    asked: list[str] = []
    get, create = Container.get, reached.client.create_container

    def getting(container: Container, path: str = "/opt/ml/") -> Iterable[bytes]:
        asked.append(path)
        return get(container, path)

    monkeypatch.setattr(Container, "get", getting)
    monkeypatch.setattr(
        type(reached.client),
        "create_container",
        lambda _, *words, **named: create(*words, **({"user": user} | named if user else named)),
    )
    service = LocalService(reached, None, Settings())
    try:
        outcome = service.run(
            image,
            request(inputs={}, overrides={"ContainerEntrypoint": ["python3", "-c", program]}),
            Variation.AS_REQUESTED,
        )
    finally:
        service.close()

    (host,) = outcome.hosts
    assert host.trace is not None
    assert (0, True) == (host.exit_code, host.trace.complete), host.stderr.head
    assert ["python3", "-c", program] == list(host.trace.processes[0].executions[0].argv)
    assert expected == [path for path in asked if path != "/opt/ml/"]
    assert host.files.get(HANDED_OVER) is None
