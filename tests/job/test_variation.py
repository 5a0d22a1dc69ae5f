"""The variations of a request on a real engine: what a container finds in each."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import CORRUPT_CONTENT, Variation
from conformance.outcome.outcome import Host, JobStatus
from conformance.rule.programs import programs_of
from conformance.service import engine, inspection
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from tests.support.jobs import job, write
from tests.support.standin import FullWitness, every_witness_in_full

pytestmark = pytest.mark.engine

LOOK = """
import base64, json, os
places = ("/opt/ml", "/opt/ml/processing/input/code", "/opt/ml/processing/output/a")
try:
    os.rmdir("/opt/ml/processing/output/a")
    removal = 0
except OSError as error:
    removal = error.errno
files = [os.path.join(place, name) for place, _, names in os.walk("/opt/ml") for name in names]
print(json.dumps({
    "devices": {place: os.stat(place).st_dev for place in places if os.path.exists(place)},
    "files": {path: base64.b64encode(open(path, "rb").read()).decode() for path in files},
    "mounts": sorted(line.split()[4] for line in open("/proc/self/mountinfo") if "/opt/ml" in line),
    "removal": removal,
}))
"""

INPUTS = "/opt/ml/processing/input/code"
OUTPUT = "/opt/ml/processing/output/a"
EBUSY = 16


@pytest.fixture(name="service")
def _service(reached: engine.Engine, tmp_path: Path) -> Iterator[LocalService]:
    """A service over one object, `s3://bucket/code/data/object`."""
    write(tmp_path, "bucket/code/data/object", "content")
    service = LocalService(reached, ObjectTree(tmp_path), Settings())
    yield service
    service.close()


def look(service: LocalService, image: Image, variation: Variation) -> dict[str, Any]:
    """What a program finds in a run of this variation."""
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", LOOK]}
    outcome = service.run(image, job(outputs=("a",), AppSpecification=application), variation)
    (host,) = outcome.hosts
    assert 0 == host.exit_code, (host.start_error, host.stderr.text)
    found: dict[str, Any] = json.loads(host.stdout.text)
    return found


def test_corrupt_inputs_have_their_names_and_other_content(service: LocalService, image: Image) -> None:
    """Each object arrives where it would, with content that nothing can be made of."""
    content = look(service, image, Variation.CORRUPT_INPUTS)["files"][f"{INPUTS}/data/object"]

    assert base64.b64decode(content) == CORRUPT_CONTENT


@pytest.mark.parametrize(
    ("variation", "found"), [(Variation.CORRUPT_INPUTS, {"a": CORRUPT_CONTENT}), (Variation.EMPTY_INPUTS, {})]
)
def test_a_script_among_inputs_is_whole(
    variation: Variation, found: dict[str, bytes], service: LocalService, image: Image, tmp_path: Path
) -> None:
    """What ContainerEntrypoint runs is no input that the program takes; the inputs beside it are corrupt, or empty."""
    code_of_it = """
from pathlib import Path
print({path.name: path.read_bytes() for path in Path('/opt/ml/processing/input/rows').iterdir()})
"""
    write(tmp_path, "bucket/code/main.py", code_of_it)
    write(tmp_path, "bucket/rows/a", "1,2,3")
    (code,) = job().document["ProcessingInputs"]
    rows = {
        "InputName": "rows",
        "S3Input": {**code["S3Input"], "S3Uri": "s3://bucket/rows", "LocalPath": "/opt/ml/processing/input/rows"},
    }
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", f"{INPUTS}/main.py"]}
    request = job(AppSpecification=application, ProcessingInputs=[code, rows])

    (host,) = service.run(image, request, variation, programs=programs_of(request)).hosts

    assert (0, f"{found!r}\n") == (host.exit_code, host.stdout.text)


def test_as_requested_all_below_opt_ml_is_one_mount(service: LocalService, image: Image) -> None:
    """An output is a plain directory there, which can be removed."""
    found = look(service, image, Variation.AS_REQUESTED)

    assert (["/opt/ml"], 0) == (found["mounts"], found["removal"])


def test_separate_mounts(service: LocalService, image: Image) -> None:
    """Each input and output is a mount point with its content, and cannot be removed."""
    found = look(service, image, Variation.SEPARATE_MOUNTS)

    assert ["/opt/ml", INPUTS, OUTPUT] == found["mounts"]
    assert f"{INPUTS}/data/object" in found["files"]
    assert EBUSY == found["removal"]


def test_what_is_written_to_a_separate_mount_is_uploaded(service: LocalService, image: Image) -> None:
    """The archive of /opt/ml holds what lies in the mounts below it."""
    code = f"open('{OUTPUT}/result', 'w').write('12345')"
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", code]}

    outcome = service.run(image, job(outputs=("a",), AppSpecification=application), Variation.SEPARATE_MOUNTS)

    assert [("s3://bucket/out/a/result", 5)] == [(upload.uri, upload.size) for upload in outcome.uploads]


def test_unknown_members_stand_beside_the_documented_ones(service: LocalService, image: Image) -> None:
    """Both documents have all that they had, and more, some of it null."""
    plain, more = (
        {path: content for path, content in look(service, image, variation)["files"].items() if "/config/" in path}
        for variation in (Variation.AS_REQUESTED, Variation.UNKNOWN_MEMBERS)
    )

    assert set(plain) == set(more)
    for path in plain:
        before, after = (json.loads(base64.b64decode(documents[path])) for documents in (plain, more))
        assert set(before) < set(after), path


def test_its_own_opt_ml_is_what_the_image_ships(
    reached: engine.Engine, service: LocalService, tag: Callable[[str], str]
) -> None:
    """What the image has below /opt/ml is there, beside what the platform brings."""
    image = inspection.find(reached, tag("flawed/model-below-opt-ml"))

    own, replaced = (
        set(look(service, image, variation)["files"]) for variation in (Variation.OWN_RESERVED, Variation.AS_REQUESTED)
    )

    assert replaced < own
    assert all(path.startswith("/opt/ml/model/") for path in own - replaced), own - replaced


def stand_in(service: LocalService, image: Image, request: JobRequest, path: str) -> Host:
    """Run a request with the probe in a program's place."""
    outcome = service.run(image, request, Variation.STAND_IN, stand_in=path)
    assert JobStatus.COMPLETED is outcome.status, outcome.failure_reason
    return outcome.hosts[0]


def test_a_stand_in_tells_what_the_program_would_have_got(
    reached: engine.Engine, service: LocalService, tag: Callable[[str], str]
) -> None:
    """It sees arguments, variables, terminal and user as the program below a wrapper would."""
    wrapped = inspection.find(reached, tag("flawed/wrapper-without-exec"))
    python = inspection.read_files(reached, wrapped, service.labels).executable("python3").file
    assert python is not None
    request = job(
        AppSpecification={"ImageUri": "image", "ContainerArguments": ["two words", "*"]}, Environment={"A": "$B\n"}
    )

    with every_witness_in_full():
        (witness,) = stand_in(service, wrapped, request, python.path).witnesses

    assert isinstance(witness, FullWitness)
    assert ("python3", "/processing.py", "two words", "*") == witness.argv
    assert "$B\n" == witness.environment["A"]
    assert ("/dev/null", False) == (witness.descriptors[0].target, witness.descriptors[1].terminal)
    assert (0, wrapped.working_directory) == (witness.uid, witness.cwd)
    assert witness.pid != 1


def test_continuous_outputs_are_uploaded_while_the_job_runs(service: LocalService, image: Image) -> None:
    """Each file once for each content that it is found with; what is there at the end goes up, however the job ends."""
    code = f"""
import sys, time
out = open("{OUTPUT}/growing", "w")
open("{OUTPUT}/complete", "w").write("123")
for _ in range(8):
    out.write("x" * 10)
    out.flush()
    time.sleep(0.5)
sys.exit(3)
"""
    application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", code]}
    request = job(outputs=("a",), AppSpecification=application)
    request.document["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3UploadMode"] = "Continuous"

    outcome = service.run(image, request, Variation.AS_REQUESTED)

    (host,) = outcome.hosts
    sizes = [sighting.size for sighting in host.sightings if sighting.path.endswith("growing")]
    assert sizes == sorted(set(sizes)), sizes
    assert len(sizes) > 1
    assert [3] == [sighting.size for sighting in host.sightings if sighting.path.endswith("complete")]
    assert {"growing": 80, "complete": 3} == {upload.path.rpartition("/")[2]: upload.size for upload in outcome.uploads}
    assert JobStatus.FAILED is outcome.status
