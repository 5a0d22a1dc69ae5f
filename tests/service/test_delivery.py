"""What a request says arrives as it was written: commands, variables and names, and objects with their keys."""

from __future__ import annotations

import base64
import json
import struct
import time
import uuid
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from posixpath import normpath
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from conformance.files.tree import Kind
from conformance.image.image import DEFAULT_PATH, Image
from conformance.job.objects import ObjectTree
from conformance.job.request import PROCESSING, JobRequest
from conformance.job.validation import load
from conformance.job.variation import Variation
from conformance.outcome.outcome import Host, JobStatus
from conformance.service import engine, inspection
from conformance.service.documents import JOB_PATH, RESOURCES_PATH
from conformance.service.local import LocalService
from conformance.service.settings import DECOY_HOSTNAME, Settings
from images.builder.layers import File, pack
from tests.files.test_archive import distinct
from tests.support.jobs import build, job
from tests.support.legal_requests import legal_requests, values, words
from tests.support.standin import Descriptor, FullWitness, every_witness_in_full

pytestmark = pytest.mark.engine

few_containers = settings(
    max_examples=5,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
"""Each example is a container: it draws many cases at once, and what fails is not made smaller for minutes."""

ODD = (
    *(
        "two words",
        " before and after ",
        "it's",
        'say "so"',
        "$HOME",
        "${PATH}",
        "$(id)",
        "`id`",
        "a\\b\\n",
        "%41",
        "%s",
    ),
    *(
        "*",
        "/*",
        "?",
        "[a-z]",
        "{a,b}",
        "~",
        "a;b",
        "a&b",
        "a|b",
        ">b",
        "#a",
        "!a",
        "tab\there",
        "\r",
        "\x1b[0m",
        "\x7f",
    ),
    *(
        "=",
        "-",
        "--",
        "--name=value",
        "@file",
        "own",
        "/program",
        "Grüße",
        "e\u0301",
        "京都",
        "\u2028",
        "\ufeff",
        "\U0010ffff",
    ),
    *("x" * 256, "🦀" * 256),
)
"""What a shell, a list of options or a reader of text changes unless it is told not to."""

WORDS = [*ODD, *(f"argument {number}" for number in range(len(ODD), 99))]
"""With one more as many as a request may have."""

FORMS = {
    "ENTRYPOINT": (['ENTRYPOINT ["/program", "own $HOME"]'], ["/program", "own $HOME"], ["/program", "own $HOME"]),
    "CMD": (['CMD ["/program", "*"]'], ["/program", "*"], []),
    "both": (['ENTRYPOINT ["/program", "own"]', 'CMD ["cmd"]'], ["/program", "own", "cmd"], ["/program", "own"]),
    "shell form": (
        ["ENTRYPOINT /program $HOME", 'CMD ["cmd"]'],
        ["/bin/sh", "-c", "/program $HOME", "cmd"],
        ["/bin/sh", "-c", "/program $HOME"],
    ),
}
"""What the image says, what that starts, and what it starts before ContainerArguments."""

OVERRIDES: dict[str, dict[str, list[str]]] = {
    "neither": {},
    "arguments": {"ContainerArguments": ["/program", *WORDS]},
    "entrypoint": {"ContainerEntrypoint": ["/program", *WORDS]},
    "both": {"ContainerEntrypoint": ["/program", *WORDS], "ContainerArguments": [*WORDS, "last"]},
}


def exiting() -> bytes:
    """A program that exits with 0, of one segment: it needs no loader, no library and no shell."""
    code = bytes.fromhex("31ff b83c000000 0f05")  # xor edi, edi; mov eax, 60; syscall
    address, offset = 0x400000, 64 + 56
    size = offset + len(code)
    header = struct.pack(
        "<16sHHIQQQIHHHHHH", b"\x7fELF\2\1\1", 2, 62, 1, address + offset, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    return header + struct.pack("<IIQQQQQQ", 1, 5, 0, address, address, size, size, 0x1000) + code


@pytest.fixture(name="imported", scope="module")
def _imported(reached: engine.Engine) -> Iterator[Callable[..., Image]]:
    """Make an image of a single program, without a shell or anything else, by instructions of a Dockerfile."""
    program = File(mode=0o755, data=exiting())
    files = pack({"program": program, "work here/program": program})
    names: dict[tuple[str, ...], str] = {}

    def make(*instructions: str) -> Image:
        if instructions not in names:
            name = f"conformance-test/delivery-{uuid.uuid4().hex[:12]}"
            reached.client.import_image_from_data(files, repository=name, changes=list(instructions))
            names[instructions] = name
        return inspection.find(reached, names[instructions])

    yield make
    for name in names.values():
        reached.client.remove_image(name)


@pytest.fixture(name="service", scope="module")
def _service(reached: engine.Engine) -> Iterator[LocalService]:
    """A service whose S3 is empty."""
    service = LocalService(reached, None, Settings())
    yield service
    service.close()


def witnessed(
    service: LocalService, image: Image, request: JobRequest, path: str = "/program"
) -> tuple[Host, FullWitness]:
    """Run a request with the stand-in in the place of one file."""
    with every_witness_in_full():
        outcome = service.run(image, request, Variation.STAND_IN, stand_in=path)
    (host,) = outcome.hosts
    assert JobStatus.COMPLETED is outcome.status, (outcome.failure_reason, host.start_error)
    (witness,) = host.witnesses
    assert isinstance(witness, FullWitness)
    return host, witness


def started(form: str, overrides: str) -> list[str]:
    """What the table of the developer guide says that runs."""
    _, alone, before_arguments = FORMS[form]
    entrypoint, arguments = (
        OVERRIDES[overrides].get(member) for member in ("ContainerEntrypoint", "ContainerArguments")
    )
    if entrypoint is not None:
        return entrypoint + (arguments or [])
    return alone if arguments is None else before_arguments + arguments


@pytest.mark.parametrize("overrides", OVERRIDES)
@pytest.mark.parametrize("form", FORMS)
def test_the_program_gets_its_command_as_it_was_given(
    form: str, overrides: str, service: LocalService, imported: Callable[..., Image]
) -> None:
    """Every combination of overrides on every form of image: as many odd words as there may be, byte for byte."""
    image = imported(*FORMS[form][0])
    expected = started(form, overrides)
    request = job(AppSpecification={"ImageUri": "image", **OVERRIDES[overrides]})

    _, witness = witnessed(service, image, request, expected[0])

    assert expected == list(witness.argv)


@pytest.mark.parametrize("overrides", OVERRIDES)
def test_a_watched_program_gets_its_command_as_it_was_given(
    overrides: str, service: LocalService, imported: Callable[..., Image]
) -> None:
    """The same where the probe is before the program and not in its place, in an image that has nothing else."""
    image = imported(*FORMS["both"][0])
    request = job(AppSpecification={"ImageUri": "image", **OVERRIDES[overrides]})

    (host,) = service.run(image, request, Variation.AS_REQUESTED).hosts

    assert (0, "") == (host.exit_code, host.untraced)
    assert host.trace is not None
    assert host.trace.command is not None
    assert started("both", overrides) == list(host.trace.command.argv)


def test_a_shell_keeps_arguments_to_itself(
    service: LocalService, reached: engine.Engine, tag: Callable[[str], str]
) -> None:
    """With ENTRYPOINT in shell form it is the shell that gets them, and the program below it none."""
    tag("reference")
    name = build(reached.client, f"delivery-{uuid.uuid4().hex[:12]}", "ENTRYPOINT python3 /processing.py 'own word'")
    image = inspection.find(reached, name)
    request = job(AppSpecification={"ImageUri": "image", "ContainerArguments": ["a", "b"]})

    try:
        python = inspection.read_files(reached, image, service.labels).executable("python3").file
        assert python is not None
        _, witness = witnessed(service, image, request, python.path)
    finally:
        reached.client.remove_image(name)

    assert ("python3", "/processing.py", "own word") == witness.argv


names = st.from_regex(r"[a-zA-Z_][a-zA-Z0-9_]{0,40}", fullmatch=True) | st.sampled_from(
    ["_", "AWS_REGION", "HOME", "HOSTNAME", "LD_PRELOAD", "PATH", "TERM", "A" * 256]
)
# runc takes an empty HOME for none and sets it.
many_variables = st.dictionaries(names, values, min_size=50, max_size=100).filter(lambda given: given.get("HOME") != "")
many_words = st.lists(words, min_size=50, max_size=99)

OWN_VARIABLES = {"AWS_REGION": "eu-west-3", "EMPTY": "", "HOME": "/elsewhere", "HOSTNAME": "own", "LD_PRELOAD": "none"}
FULLEST = OWN_VARIABLES | {f"a{number}".ljust(256, "_"): "🦀\n$=" * 64 for number in range(100 - len(OWN_VARIABLES))}


@st.composite
def full_requests(draw: st.DrawFn) -> dict[str, Any]:
    """A legal request that starts the program, with long lists of words and variables."""
    document: dict[str, Any] = draw(legal_requests)
    application = {"ImageUri": "image", "ContainerArguments": draw(many_words)}
    if draw(st.booleans()):
        application["ContainerEntrypoint"] = ["/program", *draw(many_words)]
    # A slow machine may not stop the job.
    document.pop("StoppingCondition", None)
    return document | {"AppSpecification": application, "Environment": draw(many_variables)}


@few_containers
@example(
    document={**job().document, "AppSpecification": {"ImageUri": "i", **OVERRIDES["both"]}, "Environment": FULLEST}
)
@given(document=full_requests())
def test_a_request_arrives_as_it_was_written(
    document: dict[str, Any], service: LocalService, imported: Callable[..., Image], tmp_path: Path
) -> None:
    """From its file to the program: every word, variable and name, and a directory for each input and output."""
    written = tmp_path / "job.json"
    written.write_text(json.dumps(document), encoding="utf-8")

    request = load(written)
    host, witness = witnessed(service, imported('ENTRYPOINT ["/program", "own"]', 'CMD ["cmd"]', "ENV OWN=1"), request)

    application = document["AppSpecification"]
    command = application.get("ContainerEntrypoint", ["/program", "own"]) + application["ContainerArguments"]
    assert command == list(witness.argv)
    platform = {"PATH": DEFAULT_PATH, "HOSTNAME": DECOY_HOSTNAME, "HOME": "/", "OWN": "1", "AWS_REGION": "us-east-1"}
    platform |= {"NVIDIA_VISIBLE_DEVICES": "void"}
    if not request.is_isolated:
        platform |= {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": host.secrets[0]}
    assert platform | document["Environment"] == witness.environment
    assert len(witness.environment) == len(witness.variables)
    assert told(document) == retold(json.loads(witness.files[JOB_PATH] or b""))
    assert {"current_host": "algo-1", "hosts": ["algo-1"]} == json.loads(witness.files[RESOURCES_PATH] or b"")
    found = {(file.path, file.mode, file.uid, file.gid) for file in host.files if file.kind is Kind.DIRECTORY}
    assert {(path, 0o755, 0, 0) for path in directories(*places(document))} == found
    assert {JOB_PATH, RESOURCES_PATH} == {file.path for file in host.files if file.kind is not Kind.DIRECTORY}


def told(document: Mapping[str, Any]) -> dict[str, Any]:
    """What a request says that stands in the container's document too."""
    application = document["AppSpecification"]
    return {
        "name": document["ProcessingJobName"],
        "role": document["RoleArn"],
        "command": [application.get("ContainerEntrypoint"), application.get("ContainerArguments")],
        "environment": document["Environment"],
        "inputs": [
            [item["InputName"], item["S3Input"]["S3Uri"], item["S3Input"]["LocalPath"]]
            for item in document.get("ProcessingInputs", [])
        ],
        "outputs": [
            [item["OutputName"], item["S3Output"]["S3Uri"], item["S3Output"]["LocalPath"]]
            for item in document.get("ProcessingOutputConfig", {}).get("Outputs", [])
        ],
    }


def retold(found: Mapping[str, Any]) -> dict[str, Any]:
    """The same, read from the container's document, which has each member that a request may leave out."""
    assert found["ProcessingJobArn"].endswith(f":processing-job/{found['ProcessingJobName']}")
    assert {"ContainerArguments", "ContainerEntrypoint", "ImageUri"} == set(found["AppSpecification"])
    return told(found)


def places(document: Mapping[str, Any]) -> list[str]:
    """The LocalPath of each input and output."""
    contents = told(document)
    return [normpath(place) for _, _, place in (*contents["inputs"], *contents["outputs"])]


def directories(*below: str) -> set[str]:
    """What is below /opt/ml before a program runs: these directories, those above them, and the platform's own."""
    found = {"/opt/ml", "/opt/ml/config", "/opt/ml/output", PROCESSING}
    for path in below:
        parts = path.split("/")
        found |= {"/".join(parts[:length]) for length in range(len(PROCESSING.split("/")), len(parts) + 1)}
    return found


def test_the_program_finds_what_the_platform_promises(service: LocalService, imported: Callable[..., Image]) -> None:
    """USER and WORKDIR of the image, no terminal, nothing to read, one fresh /opt/ml, names, memory and documents."""
    image = imported('ENTRYPOINT ["./program"]', "USER 1234:5678", "WORKDIR /work here", "ENV OWN=1 MODE=own")
    request = job(outputs=("a",), Environment={"MODE": "given"})

    host, witness = witnessed(service, image, request, "/work here/program")

    assert ("./program",) == witness.argv
    assert (1, "/work here", "/work here/program") == (witness.pid, witness.cwd, witness.executable)
    assert (1234, 1234, 5678, 5678) == (witness.uid, witness.euid, witness.gid, witness.egid)
    assert ((5678,), 0o22) == (witness.groups, witness.umask)
    assert ("1", "given") == (witness.environment["OWN"], witness.environment["MODE"])
    assert Descriptor(0, "/dev/null", terminal=False) == witness.descriptors[0]
    assert [(1, False), (2, False)] == [(each.number, each.terminal) for each in witness.descriptors[1:]]
    assert (frozenset(), frozenset()) == (witness.ignored, witness.blocked)
    assert 64 << 20 == witness.shared_memory_bytes
    assert (DECOY_HOSTNAME, DECOY_HOSTNAME.encode()) == (
        witness.hostname,
        (witness.files["/etc/hostname"] or b"").strip(),
    )
    hosts = [line.split()[1:] for line in (witness.files["/etc/hosts"] or b"").decode().splitlines()]
    assert {"algo-1", DECOY_HOSTNAME} <= {name for line in hosts for name in line}
    assert ["/opt/ml"] == [path for path in witness.mounts if path.startswith("/opt")]
    assert service.documents(request) == {path: witness.files[path] for path in (JOB_PATH, RESOURCES_PATH)}
    assert host.secrets[0].startswith("/v2/credentials/")


LOOK = """
import base64, json, os, zlib
def content(path):
    return None if os.path.isdir(path) else base64.b64encode(open(path, "rb").read()).decode()
found = {}
for place, folders, files in os.walk(b"/opt/ml"):
    for path in [place, *(os.path.join(place, name) for name in files)]:
        facts = os.lstat(path)
        found[path.decode("latin-1")] = [oct(facts.st_mode), facts.st_uid, facts.st_gid, content(path)]
print(base64.b64encode(zlib.compress(json.dumps(found).encode(), 9)).decode())
"""


Facts = dict[str, list[Any]]
"""Mode, owner, group, and the content of a file in Base64, by path; a directory's content is None."""


@pytest.fixture(name="reference", scope="module")
def _reference(reached: engine.Engine, tag: Callable[[str], str]) -> Image:
    """An image with Python, whose programs can look for themselves."""
    return inspection.find(reached, tag("reference"))


def run(
    reached: engine.Engine,
    image: Image,
    objects: Mapping[str, bytes],
    inputs: Mapping[str, str],
    program: str = LOOK,
    variation: Variation = Variation.AS_REQUESTED,
) -> Host:
    """Run a program of Python's with objects by `bucket/key`, and inputs by LocalPath with the URI of each."""
    document = job(outputs=("a", "b")).document
    document = {
        **document,
        "AppSpecification": {"ImageUri": "image", "ContainerEntrypoint": ["python3", "-c", program]},
    }
    document["ProcessingInputs"] = [
        {"InputName": f"{number}", "S3Input": {"S3Uri": uri, "LocalPath": place, "S3DataType": "S3Prefix"}}
        for number, (place, uri) in enumerate(inputs.items())
    ]
    with TemporaryDirectory() as directory:
        for name, content in objects.items():
            path = Path(directory) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            path.chmod(0o777)
        service = LocalService(reached, ObjectTree(Path(directory)), Settings())
        (host,) = service.run(image, JobRequest(document), variation).hosts
        service.close()
    assert 0 == host.exit_code, (host.start_error, host.stderr.text)
    return host


def seen(host: Host) -> Facts:
    """What the program found below /opt/ml, the two documents left out."""
    found = json.loads(zlib.decompress(base64.b64decode(host.stdout.text)))
    named = {name.encode("latin-1").decode(): facts for name, facts in found.items()}
    assert [0o100644, 0, 0] * 2 == [
        fact for path in (JOB_PATH, RESOURCES_PATH) for fact in (int(named[path][0], 8), *named.pop(path)[1:3])
    ]
    return named


def arriving(files: Mapping[str, bytes], *empty: str) -> Facts:
    """What is to be found: these files without a mode of their own, root's directories, two outputs, nothing else."""
    above = directories(
        *(path.rpartition("/")[0] for path in files), *empty, f"{PROCESSING}/output/a", f"{PROCESSING}/output/b"
    )
    found: Facts = {path: ["0o40755", 0, 0, None] for path in above}
    return found | {path: ["0o100644", 0, 0, base64.b64encode(data).decode()] for path, data in files.items()}


ODD_NAMES = (
    *(
        " ",
        "a b",
        " a ",
        "+",
        "a+b",
        "%41",
        "%2e%2e",
        "%2F",
        "#",
        "?",
        "&=",
        ".hidden",
        "..data",
        "...",
        "-",
        "--",
        "*",
        "~",
    ),
    *(
        "$HOME",
        "'",
        '"',
        "\\",
        "\\x41",
        "a:b",
        "a,b",
        "a;b",
        "a\nb",
        "\t",
        "\r",
        "\x01",
        "\x7f",
        ".wh.a",
        ".wh..wh..opq",
    ),
    *("é", "e\u0301", "京都", "🦀", "\u2028", "\ufeff", "x" * 255, "é" * 127, "GNUTYPE", "@LongLink"),
)
components = st.sampled_from(ODD_NAMES) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1, max_size=60
).filter(lambda name: name not in {".", ".."})
prefixes = st.sampled_from(["", "in", "in/", "a b/%41/ü", "in/.in/", "-"])
keys = st.lists(components, min_size=1, max_size=5).map("/".join).filter(lambda key: len(key.encode()) <= 1000)
trees = st.dictionaries(keys, st.binary(max_size=40), max_size=12).map(distinct)

LONGEST_KEY = "/".join(["x" * 255, "é" * 127, "京" * 85, "y" * 255, "1"])
assert 1024 == len(LONGEST_KEY.encode())

EVERY_NAME = dict.fromkeys(ODD_NAMES, b"1") | {f"below/{name}/{name}": b"2" for name in ODD_NAMES}


@few_containers
@example(
    inputs=[("", EVERY_NAME), ("in", EVERY_NAME), ("", {LONGEST_KEY: b"\0\xff"})], variation=Variation.AS_REQUESTED
)
@example(inputs=[("in/", EVERY_NAME), ("in", {})], variation=Variation.SEPARATE_MOUNTS)
@given(
    inputs=st.lists(st.tuples(prefixes, trees), min_size=5, max_size=10),
    variation=st.sampled_from([Variation.AS_REQUESTED, Variation.SEPARATE_MOUNTS]),
)
def test_objects_arrive_as_they_are(
    inputs: list[tuple[str, dict[str, bytes]]], variation: Variation, reached: engine.Engine, reference: Image
) -> None:
    """Whatever their keys: each at its place with its content, without the modes that it had, and nothing else."""
    objects: dict[str, bytes] = {}
    files: dict[str, bytes] = {}
    uris: dict[str, str] = {}
    for number, (prefix, tree) in enumerate(inputs):
        place = f"{PROCESSING}/in put/{number} ü"
        uris[place] = f"s3://bucket-{number}/{prefix}"
        folder = f"bucket-{number}/{prefix}".rstrip("/")
        objects |= {f"{folder}/{key}": content for key, content in tree.items()}
        objects |= {f"bucket-{number}/not selected": b"x"} if prefix else {}
        files |= {f"{place}/{key}": content for key, content in tree.items()}
    expected = arriving(files, *uris)

    host = run(reached, reference, objects, uris, variation=variation)

    assert expected == seen(host)
    # The listing that checks see is made of the container's archive, after its end.
    listed = {file.path: [file.mode, file.uid, file.gid, file.size] for file in host.files}
    sizes = {path: len(base64.b64decode(content or "")) for path, (*_, content) in expected.items()}
    for path, (mode, uid, gid, _) in expected.items():
        assert [int(mode, 8) & 0o7777, uid, gid, sizes[path]] == listed.pop(path), path
    assert {JOB_PATH, RESOURCES_PATH} == set(listed)


def test_a_prefix_selects_what_begins_with_it(reached: engine.Engine, reference: Image) -> None:
    """A folder, its siblings whose names begin alike, a single object, an end within a name, and nothing at all."""
    everything = ("a/train/a", "a/train/sub/b", "a/train-01/c", "a/train.csv", "unlike/d")
    landing = {
        "a/train": {
            "a/train/a": "a",
            "a/train/sub/b": "sub/b",
            "a/train-01/c": "train-01/c",
            "a/train.csv": "train.csv",
        },
        "a/train/": {"a/train/a": "a", "a/train/sub/b": "sub/b"},
        "a/train/sub": {"a/train/sub/b": "b"},
        "a/train-01": {"a/train-01/c": "c"},
        "a/train.csv": {"a/train.csv": "train.csv"},
        "a/trai": {key: key.removeprefix("a/") for key in everything[:4]},
        "a/other": {},
        "": {key: key for key in everything},
    }
    objects = {f"bucket/{key}": key.encode() for key in everything}
    uris = {f"{PROCESSING}/{number}": f"s3://bucket/{prefix}" for number, prefix in enumerate(landing)}
    expected = {
        f"{place}/{path}": key.encode()
        for place, landed in zip(uris, landing.values(), strict=True)
        for key, path in landed.items()
    }

    found = seen(run(reached, reference, objects, uris))

    assert arriving(expected, *uris) == found


def test_inputs_are_as_old_as_the_job(reached: engine.Engine, reference: Image) -> None:
    """A program may put them into an archive: ZIP has no date before 1980, which is an error of Python's."""
    program = f"""
import io, json, os, zipfile
archive = zipfile.ZipFile(io.BytesIO(), "w")
dates = []
for place, folders, files in os.walk("{PROCESSING}/input"):
    for path in [place, *(os.path.join(place, name) for name in files)]:
        archive.write(path)
        dates.append(os.stat(path).st_mtime)
print(json.dumps(dates))
"""
    begun = int(time.time())

    host = run(reached, reference, {"bucket/a/b": b""}, {f"{PROCESSING}/input": "s3://bucket/"}, program)

    dates = json.loads(host.stdout.text)
    assert 3 == len(dates)
    assert begun <= min(dates) <= max(dates) <= time.time()
