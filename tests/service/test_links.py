"""A continuous output that becomes a link while the job runs, on a real engine: what is behind it is not uploaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.outcome.outcome import JobStatus
from conformance.service import engine
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from tests.support.jobs import job, run_code

pytestmark = pytest.mark.engine

PLACE = "/opt/ml/processing/output"

SHOWN = "/srv/shown"

REPLACED = """
import os, pathlib, time
replaced, target, output = {replaced!r}, {target!r}, {output!r}
pathlib.Path(output, "first").write_text("1")
os.makedirs("/srv/shown/a")
pathlib.Path("/srv/shown/a/secret").write_text("not an output's")
time.sleep(1.5)
os.rename(replaced, replaced + ".old")
os.symlink(target, replaced)
assert os.path.exists(output + "/secret")
time.sleep(1.5)
"""


@pytest.fixture(name="service")
def _service(reached: engine.Engine, tmp_path: Path) -> Iterator[LocalService]:
    """A service that looks at continuous outputs often."""
    service = LocalService(reached, ObjectTree(tmp_path), Settings(continuous_seconds=0.2))
    yield service
    service.close()


@pytest.mark.parametrize(
    ("replaced", "target"), [(f"{PLACE}/a", f"{SHOWN}/a"), (PLACE, SHOWN)], ids=["itself", "above"]
)
def test_a_link_in_the_place_of_a_continuous_output_is_not_followed(
    service: LocalService, image: Image, tmp_path: Path, replaced: str, target: str
) -> None:
    """Neither one at LocalPath nor one on the way to it."""
    request = job(outputs=("a",))
    request.document["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3UploadMode"] = "Continuous"
    code = REPLACED.format(replaced=replaced, target=target, output=f"{PLACE}/a")

    outcome = run_code(service, image, tmp_path, code, request)

    (host,) = outcome.hosts
    assert JobStatus.COMPLETED == outcome.status, host.stderr.text
    assert {f"{PLACE}/a/first"} >= {sighting.path for sighting in host.sightings}
    assert set() == {upload.path for upload in outcome.uploads}
    assert host.memory_bytes > 0
