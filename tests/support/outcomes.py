"""Images, requests and outcomes made by hand: each is one that conforms, but for what a test changes of it."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from conformance.checks import load_checks
from conformance.files.stream import Search, fault_of
from conformance.files.tree import File, FileTree, Kind
from conformance.image.image import Image
from conformance.job.request import JobRequest
from conformance.job.variation import INPUT_MARKER, Variation
from conformance.outcome.outcome import MESSAGE_PATH, End, Host, Log, Outcome, Upload
from conformance.outcome.resolution import Queries, Query
from conformance.outcome.standin import Witness
from conformance.outcome.trace import Execution, Process, Trace
from conformance.service.peers.places import renamed
from conformance.service.status import job_status
from conformance.verdict.verdict import Verdict, judge

INPUT = "/opt/ml/processing/input/data"
OUTPUT = "/opt/ml/processing/output/result"


def file(path: str, *, mode: int = 0o644, size: int = 1) -> File:
    """A regular file, not executable."""
    return File(path, Kind.FILE, mode=mode, size=size)


def program(path: str, head: bytes = b"") -> File:
    """A file that may be executed; without a head, one whose content was not read."""
    return replace(file(path, mode=0o755, size=len(head) or 1), head=head)


LOADER = "/lib64/ld-linux-x86-64.so.2"


def elf(
    loader: str = LOADER, *, machine: int = 62, bits: int = 64, big_endian: bool = False, loader_at: int = 0
) -> bytes:
    """The beginning of an ELF program: its header, two program headers, and the loader's name, unless it is static."""
    order = ">" if big_endian else "<"
    name = loader.encode() + b"\0"
    size, entry = (64, 56) if bits == 64 else (52, 32)
    place = loader_at or size + 2 * entry
    identity = b"\x7fELF" + bytes([bits // 32, 2 if big_endian else 1, 1]).ljust(12, b"\0")
    header = struct.pack(
        order + ("HHIQQQIHHHHHH" if bits == 64 else "HHIIIIIHHHHHH"),
        2,
        machine,
        1,
        0,
        size,
        0,
        0,
        size,
        entry,
        2,
        0,
        0,
        0,
    )
    if bits == 64:
        segments = [struct.pack(order + "IIQQQQQQ", kind, 4, place, 0, 0, len(name), len(name), 1) for kind in (6, 3)]
    else:
        segments = [struct.pack(order + "IIIIIIII", kind, place, 0, 0, len(name), len(name), 4, 1) for kind in (6, 3)]
    if not loader:
        segments = [segments[0], segments[0]]
    return (identity + header + b"".join(segments)).ljust(place, b"\0") + name


def directory(path: str) -> File:
    """A directory that stands in the archive by itself."""
    return File(path, Kind.DIRECTORY, mode=0o755)


def link(path: str, target: str) -> File:
    """A symbolic link."""
    return File(path, Kind.SYMLINK, mode=0o777, target=target)


PYTHON = (
    program("/usr/bin/python3.12", elf()),
    link("/usr/bin/python3", "python3.12"),
    program(LOADER, elf("")),
    program("/processing.py"),
)


def image(
    *files: File,
    entrypoint: Iterable[str] = ("python3", "/processing.py"),
    cmd: Iterable[str] = (),
    **rest: Any,  # noqa: ANN401 - the fields of Image
) -> Image:
    """An image with Python and a program, and these files besides."""
    rest.setdefault("environment", {"PYTHONUNBUFFERED": "1"})
    return Image(
        reference="example:1",
        id="sha256:1",
        digest="sha256:1",
        entrypoint=tuple(entrypoint),
        cmd=tuple(cmd),
        files=FileTree.of([*PYTHON, *files]),
        **rest,
    )


def request(
    *,
    inputs: Mapping[str, str] | None = None,
    outputs: Mapping[str, str] | None = None,
    overrides: Mapping[str, Iterable[str]] | None = None,
    environment: Mapping[str, str] | None = None,
    hosts: int = 1,
    **members: Any,  # noqa: ANN401 - members of the request
) -> JobRequest:
    """A request with these inputs and outputs, each a name and its LocalPath, and overrides by their AWS names."""
    inputs = {"data": INPUT} if inputs is None else inputs
    outputs = {"result": OUTPUT} if outputs is None else outputs
    application = {member: list(words) for member, words in (overrides or {}).items()}
    return JobRequest(
        {
            "ProcessingJobName": "example",
            "AppSpecification": {"ImageUri": "example:1", **application},
            "ProcessingInputs": [
                {
                    "InputName": name,
                    "S3Input": {"S3Uri": f"s3://bucket/{name}", "LocalPath": path, "S3DataType": "S3Prefix"},
                }
                for name, path in inputs.items()
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": name,
                        "S3Output": {"S3Uri": f"s3://bucket/{name}", "LocalPath": path, "S3UploadMode": "EndOfJob"},
                    }
                    for name, path in outputs.items()
                ]
            },
            "ProcessingResources": {
                "ClusterConfig": {"InstanceCount": hosts, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 30}
            },
            "RoleArn": "arn:aws:iam::123456789012:role/processing",
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
            "Environment": dict(environment or {}),
            **members,
        }
    )


def log(text: str | bytes, secret: str = "") -> Log:
    """A stream that was kept as a whole."""
    content = text.encode() if isinstance(text, str) else text
    return Log(content, b"", len(content), found(content, secret))


def found(content: bytes, secret: str) -> frozenset[str]:
    """Which of the words that the service looks for stand in it."""
    search = Search((secret, INPUT_MARKER))
    search.feed(content)
    return search.found


def host(
    *files: File,
    exit_code: int | None = 0,
    end: End = End.EXITED,
    stdout: str | bytes | None = None,
    stderr: str | bytes = "",
    message: str | bytes | None = None,
    message_size: int | None = None,
    secret: str = "",
    **rest: Any,  # noqa: ANN401 - the fields of Host
) -> Host:
    """How a host ended; a message stands among its files too, of another size where only its beginning was kept.

    One that succeeded says so, unless it is told what to say.
    """
    if stdout is None:
        stdout = "done\n" if exit_code == 0 else ""
    content = message.encode() if isinstance(message, str) else message
    left = list(files)
    if content is not None:
        left.append(file(MESSAGE_PATH, size=len(content) if message_size is None else message_size))
    return Host(
        name="algo-1",
        argv=rest.pop("argv", ("python3", "/processing.py")),
        end=end,
        exit_code=exit_code,
        stdout=log(stdout, secret),
        stderr=log(stderr, secret),
        files=FileTree.of(left),
        message=content,
        message_fault=rest.pop("message_fault", fault_of(content or b"")),
        message_found=found(content or b"", secret),
        secrets=(secret,) if secret else (),
        **rest,
    )


def process(
    pid: int, parent: int, *argv: str, executable: str = "", ended: float | None = 99.0, exit_code: int = 0
) -> Process:
    """A process that became a program as soon as it began, which its number says, and ended; `python3` is a link."""
    place = executable or {"python3": "/usr/bin/python3.12"}.get(argv[0], argv[0])
    began = float(pid)
    execution = Execution(began, began, argv, executable=place)
    return Process(pid, parent, began, (execution,), ended, None if ended is None else exit_code)


def becoming(process: Process, *argv: str) -> Process:
    """The same process after `exec`."""
    at = process.executions[-1].at + 0.5
    place = {"python3": "/usr/bin/python3.12"}.get(argv[0], argv[0])
    return replace(process, executions=(*process.executions, Execution(at, at, argv, executable=place)))


def ran(*processes: Process, of: JobRequest | None = None, **rest: Any) -> Outcome:  # noqa: ANN401 - the fields of Host
    """The outcome of a job that wrote its outputs and exited with 0, and whose processes were seen."""
    asked = of or request()
    written = (file(f"{output.local_path}/part-1") for output in asked.outputs)
    return outcome(host(*written, trace=Trace(processes, tracer=2), **rest), of=asked)


def witness(*argv: str, environment: Mapping[str, str] | None = None) -> Witness:
    """What the stand-in found where it was started with this command and these variables."""
    variables = tuple(f"{name}={value}" for name, value in (environment or {}).items())
    return Witness(pid=1, argv=argv, variables=variables, uid=0, cwd="/", mounts=())


def not_started(error: str) -> Host:
    """A host whose container the engine refused to start."""
    refused = host(end=End.NOT_STARTED, exit_code=127, stdout="", start_error=error)
    return replace(refused, files=FileTree())


def outcome(
    ended: Host | None = None,
    *others: Host,
    of: JobRequest | None = None,
    variation: Variation = Variation.AS_REQUESTED,
    queries: Iterable[Query] = (),
) -> Outcome:
    """The outcome of a job whose hosts ended so; without any, of a job that wrote its outputs and exited with 0.

    Several hosts get their names and addresses by their numbers; a request for one is changed to be for as many.
    """
    asked = (of or request()).on_hosts(1 + len(others)) if others else of or request()
    ended = ended or host(*(file(f"{output.local_path}/part-1") for output in asked.outputs))
    hosts = (ended, *others, *[ended] * (asked.instance_count - 1 - len(others)))
    if len(hosts) > 1:
        names = renamed(asked.hosts) if variation is Variation.RENAMED_HOSTS else asked.hosts
        hosts = tuple(
            replace(each, name=name, address=address(number))
            for number, (each, name) in enumerate(zip(hosts, names, strict=True), start=1)
        )
    status, reason = job_status(hosts)
    uploads = tuple(
        Upload(output.name, each.name, left.path, f"{output.s3_uri}/{left.path}", left.size)
        for each in hosts
        for output in asked.outputs
        for left in each.files.below(output.local_path)
        if left.kind is Kind.FILE and all(other.exit_code == 0 for other in hosts)
    )
    asked_for = Queries(tuple(queries)) if len(hosts) > 1 else None
    return Outcome(asked, variation, status, hosts, uploads=uploads, queries=asked_for, failure_reason=reason)


def address(number: int) -> str:
    """Where the host of this number is."""
    return f"198.18.0.{10 + number}"


def query(number: int, name: str, at: float = 0.0, *, delayed: bool = False, kind: str = "A") -> Query:
    """A question of the host of this number, after so many seconds; one that comes too early finds no such name."""
    code = "NXDOMAIN" if delayed else "NOERROR"
    return Query(at, address(number), name, kind, code, "" if delayed else "198.18.0.99", delayed)


def empty_inputs(ended: Host | None = None, *, of: JobRequest | None = None) -> Outcome:
    """The same of a run whose inputs were empty."""
    return outcome(ended, of=of, variation=Variation.EMPTY_INPUTS)


def judged(
    check_id: str,
    of: Image | None = None,
    *outcomes: Outcome,
    requests: tuple[JobRequest, ...] = (),
    runs: tuple[Outcome, ...] = (),
) -> Verdict:
    """The verdict of one check, with all others declared; the first outcome stands for runs that are left out.

    `runs` are those that can overrule a static rule.
    """
    checks = load_checks()
    job = checks[check_id].job
    if job is not None:
        outcomes = (*outcomes[:1] * (len(job.runs) - len(outcomes)), *outcomes)
    return judge(
        checks[check_id],
        of or image(),
        requests,
        outcomes,
        registry=checks,
        runs=runs,
        reproduce="docker run example:1",
    )
