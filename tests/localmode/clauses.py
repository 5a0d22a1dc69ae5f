"""One job for each clause, and what comes of it here and in the SDK's local mode.

The page `docs/local-mode.md` is written from these rows, so that it says what the tests of this folder saw.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from conformance.rule.contract import API, BYOC, Source

SEEN = "/opt/ml/processing/output/out"
INPUT = "/opt/ml/processing/input/data"

PRELUDE = f"""\
import json, os, signal, socket, sys, time
HOST = json.load(open("/opt/ml/config/resourceconfig.json"))["current_host"]
def seen(text, name="seen.txt"):
    open("{SEEN}/" + name, "w").write(str(text))
def files(folder):
    found = [os.path.relpath(os.path.join(at, name), folder) for at, _, names in os.walk(folder) for name in names]
    return ", ".join(sorted(found)) or "nothing"
"""
"""What each program begins with; `seen` leaves a text in the output."""


@dataclass(frozen=True)
class Clause:
    """One row: a program and its request, what is seen of it here and in local mode, and why the two differ.

    `objects` are in S3 before, below the bucket of the row; `members` are merged into the request, in which `{bucket}`
    stands for the bucket's name. `checks` are those that a program fails which got used to local mode.
    `is_stopped` says that the client stops it half-way.
    """

    name: str
    does: str
    code: str
    local_mode: str
    here: str
    why: str
    source: Source
    checks: tuple[str, ...] = ()
    hosts: int = 1
    objects: dict[str, str] = field(default_factory=dict)
    members: dict[str, Any] = field(default_factory=dict)
    application: dict[str, Any] = field(default_factory=dict)
    is_stopped: bool = False


def given(uri: str, **members: str) -> dict[str, Any]:
    """The member with one input."""
    place = {
        "S3Uri": f"s3://{{bucket}}/{uri}",
        "LocalPath": INPUT,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
        **members,
    }
    return {"ProcessingInputs": [{"InputName": "data", "S3Input": place}]}


def written(mode: str = "EndOfJob", path: str = SEEN) -> dict[str, Any]:
    """The member with one output."""
    place = {"S3Uri": "s3://{bucket}/out", "LocalPath": path, "S3UploadMode": mode}
    return {"ProcessingOutputConfig": {"Outputs": [{"OutputName": "out", "S3Output": place}]}}


AGREED = (
    Clause(
        "one-host",
        "copies an input to an output, on one host",
        f"seen(files('{INPUT}'))",
        "Completed; seen.txt: a.csv",
        "Completed; seen.txt: a.csv",
        "",
        API / "CreateProcessingJob",
        objects={"in/a.csv": "a"},
        members=given("in/"),
    ),
    Clause(
        "entrypoint-and-arguments",
        "has a ContainerEntrypoint and ContainerArguments, and asks whether it got any",
        "seen(f'{len(sys.argv) > 1}')",
        "Completed; seen.txt: True",
        "Completed; seen.txt: True",
        "",
        BYOC / "byoc-run-image",
    ),
    Clause(
        "folder-of-an-output",
        "writes below a folder of its output, which is empty before",
        f"""
before = files("{SEEN}")
os.mkdir("{SEEN}/part")
seen(before, "part/a.csv")
""",
        "Completed; part/a.csv: nothing",
        "Completed; part/a.csv: nothing",
        "",
        API / "ProcessingS3Output",
    ),
)
"""What the two do alike."""

CLAUSES = (
    Clause(
        "exit-130",
        "ends with exit code 130",
        "sys.exit(130)",
        "Completed",
        "Failed: AlgorithmError: , exit code: 130",
        "Any exit code but 0 fails the job. Local mode takes 130, a shell's code for Ctrl-C, for success.",
        BYOC / "byoc-run",
        checks=("exit.nonzero-on-failure",),
    ),
    Clause(
        "exit-3",
        "writes an output and ends with exit code 3",
        "seen('half'); sys.exit(3)",
        "RuntimeError: Failed to run: ['docker', 'compose', '-f', '~/tmp????????/docker-compose.yaml', 'up', ...",
        "Failed: AlgorithmError: , exit code: 3",
        "A failed job has a status and a FailureReason that can be described; local mode has an exception alone.",
        BYOC / "byoc-run",
        checks=("exit.zero-on-success",),
    ),
    Clause(
        "host-that-works-longer",
        "runs on two hosts; the second one works three seconds longer and writes an output",
        """
signal.signal(signal.SIGTERM, lambda *_: os._exit(9))
if not HOST.startswith("algo-1"):
    time.sleep(3)
    seen("late", "late.txt")
""",
        "Completed",
        "Completed; late.txt: late",
        "A job ends when all its hosts have. Local mode ends all of them with the first, and loses their outputs.",
        BYOC / "byoc-run",
        checks=("hosts.worker-ends-with-leader",),
        hosts=2,
    ),
    Clause(
        "message",
        "leaves a message",
        "open('/opt/ml/output/message', 'w').write('4 rows')",
        "Completed",
        "Completed; ExitMessage: 4 rows",
        "The message of a container is the job's ExitMessage. Local mode deletes it unread.",
        BYOC / "byoc-metadata",
        checks=("message.fits-1-kb", "message.budget-of-all-hosts"),
    ),
    Clause(
        "message-not-utf-8",
        "leaves a message that is not UTF-8",
        "open('/opt/ml/output/message', 'wb').write(bytes([255]))",
        "Completed",
        "Failed: ClientError: /opt/ml/output/message of algo-1 is not UTF-8: invalid start byte at byte 0",
        "A message that is not UTF-8 fails the job with a ClientError.",
        BYOC / "byoc-metadata",
        checks=("message.utf8",),
    ),
    Clause(
        "stop",
        "is stopped half-way, and leaves a message at the signal",
        """
def end(number, frame):
    open('/opt/ml/output/message', 'w').write('half')
    sys.exit(0)
signal.signal(signal.SIGINT, end)
signal.signal(signal.SIGTERM, end)
print("ready", flush=True)
time.sleep({patience})
""",
        "AttributeError: 'LocalSagemakerClient' object has no attribute 'stop_processing_job'",
        "Stopped; ExitMessage: half",
        "StopProcessingJob signals the container, which has time to finish. Local mode cannot stop a job.",
        API / "StopProcessingJob",
        checks=("stop.sigint-reaches-the-program", "stop.ends-on-sigint"),
        is_stopped=True,
    ),
    Clause(
        "link-to-a-file",
        "leaves a symbolic link to /etc/hostname among its outputs",
        f"os.symlink('/etc/hostname', '{SEEN}/link')",
        "Completed; link: (this machine's /etc/hostname)",
        "Completed",
        "Links are not followed. Local mode follows them on the machine that runs the SDK, and uploads its files.",
        BYOC / "byoc-input-and-output",
        checks=("outputs.no-symlinks",),
    ),
    Clause(
        "dangling-link",
        "leaves an output and a symbolic link to nothing",
        f"os.symlink('/nowhere', '{SEEN}/a'); seen('whole')",
        "FileNotFoundError: [Errno 2] No such file or directory: '~/tmp????????/output/out/a'",
        "Completed; seen.txt: whole",
        "A link is no file and is left out. In local mode the upload breaks off, and the job has no status.",
        BYOC / "byoc-input-and-output",
        checks=("outputs.no-symlinks",),
    ),
    Clause(
        "arguments-alone",
        "has ContainerArguments and no ContainerEntrypoint",
        "",
        "KeyError: 'entrypoint'",
        "Completed",
        "ContainerArguments alone take the place of CMD and go to the image's ENTRYPOINT.",
        BYOC / "byoc-run-image",
        checks=("launch.arguments-need-an-entrypoint", "launch.arguments-reach-the-program"),
        application={"ContainerArguments": ["--help"]},
    ),
    Clause(
        "names-of-hosts",
        "reads its hosts' names on two hosts",
        """
config = json.load(open("/opt/ml/config/resourceconfig.json"))
seen(" ".join(sorted(config["hosts"])), HOST[:6])
time.sleep(2)
""",
        "Completed; algo-1: algo-1-????? algo-2-?????; algo-2: algo-1-????? algo-2-?????",
        "Completed; algo-1: algo-1 algo-2; algo-2: algo-1 algo-2",
        "Hosts are algo-1, algo-2 and so on; programs compare with these names.",
        BYOC / "byoc-config",
        checks=("hosts.ignores-etc-hostname",),
        hosts=2,
    ),
    Clause(
        "hosts-find-each-other",
        "looks up algo-2 from algo-1",
        """
try:
    socket.gethostbyname("algo-2")
    found = "found"
except OSError as error:
    found = "not found"
if HOST.startswith("algo-1"):
    seen(found)
time.sleep(2)
""",
        "Completed; seen.txt: not found",
        "Completed; seen.txt: found",
        "Hosts reach each other by the names of resourceconfig.json.",
        BYOC / "byoc-config",
        checks=("hosts.retries-resolution",),
        hosts=2,
    ),
    Clause(
        "job-document",
        "reads MaxRuntimeInSeconds of its job, which is 600",
        """
config = json.load(open("/opt/ml/config/processingjobconfig.json"))
seen(config["StoppingCondition"]["MaxRuntimeInSeconds"])
""",
        "Completed; seen.txt: 86400",
        "Completed; seen.txt: 600",
        "processingjobconfig.json is the job's own request. Local mode writes some members without looking at it.",
        BYOC / "byoc-config",
        checks=("config.unknown-members-tolerated",),
        members={"StoppingCondition": {"MaxRuntimeInSeconds": 600}},
    ),
    Clause(
        "role",
        "reads the RoleArn of its job",
        'seen(json.load(open("/opt/ml/config/processingjobconfig.json"))["RoleArn"])',
        "Completed; seen.txt: <no_role>",
        "Completed; seen.txt: arn:aws:iam::123456789012:role/processing-conformance",
        "As for MaxRuntimeInSeconds.",
        BYOC / "byoc-config",
        checks=("aws.credentials-of-the-role",),
    ),
    Clause(
        "members-beyond-the-documented",
        "reads network_interface_name of resourceconfig.json",
        'seen(json.load(open("/opt/ml/config/resourceconfig.json")).get("network_interface_name", "not there"))',
        "Completed; seen.txt: eth0",
        "Completed; seen.txt: not there",
        "AWS documents current_host and hosts of a processing job, and no more: a program that needs more may fail.",
        BYOC / "byoc-config",
    ),
    Clause(
        "sharded",
        "has an input that is ShardedByS3Key, on two hosts",
        f"seen(files('{INPUT}'), HOST[:6])",
        "RuntimeError: DataDistribution: ShardedByS3Key is not currently supported in Local Mode",
        "Completed; algo-1: a.csv; algo-2: b.csv",
        "Each host gets its part of the objects. Local mode has no sharding, so nothing of it can be tried there.",
        API / "ProcessingS3Input",
        checks=("inputs.empty-shard",),
        hosts=2,
        objects={"in/a.csv": "a", "in/b.csv": "b"},
        members=given("in/", S3DataDistributionType="ShardedByS3Key"),
    ),
    Clause(
        "manifest",
        "has a manifest as its input, which lists a.csv",
        f"seen(files('{INPUT}'))",
        "Completed; seen.txt: list.manifest",
        "Completed; seen.txt: a.csv",
        "What a manifest lists is delivered. Local mode delivers the manifest, and says nothing.",
        API / "ProcessingS3Input",
        objects={"in/a.csv": "a", "list.manifest": '[{"prefix": "s3://{bucket}/in/"}, "a.csv"]'},
        members=given("list.manifest", S3DataType="ManifestFile"),
    ),
    Clause(
        "pipe",
        "reads an input in Pipe mode",
        f"seen(open('{INPUT}_0').read())",
        "RuntimeError: S3InputMode: Pipe is not currently supported in Local Mode",
        "Completed; seen.txt: abc",
        "Pipe mode streams an input through a FIFO.",
        API / "ProcessingS3Input",
        checks=("inputs.pipe",),
        objects={"in/a.csv": "abc"},
        members=given("in/a.csv", S3InputMode="Pipe"),
    ),
    Clause(
        "continuous",
        "has a Continuous output",
        "seen('whole')",
        "RuntimeError: UploadMode: Continuous is not currently supported in Local Mode.",
        "Completed; seen.txt: whole",
        "Continuous outputs are uploaded while the job runs.",
        API / "ProcessingS3Output",
        checks=("outputs.continuous",),
        members=written("Continuous"),
    ),
    Clause(
        "path-of-an-input",
        "has an input at /data, which is not below /opt/ml/processing",
        "seen(files('/data'))",
        "Completed; seen.txt: a.csv",
        "ValidationException: ProcessingInputs[0].S3Input.LocalPath: expected an absolute path below /opt/ml/...",
        "A LocalPath begins with /opt/ml/processing; the service refuses the request.",
        API / "ProcessingS3Input",
        objects={"in/a.csv": "a"},
        members=given("in/", LocalPath="/data"),
    ),
    Clause(
        "no-objects",
        "has an input without objects",
        f"seen(files('{INPUT}'))",
        "Completed; seen.txt: nothing",
        "Failed: ClientError: Data download failed:Failed to download data. No S3 objects found under S3 URL ...",
        "An input without objects fails the job before its program starts.",
        API / "ProcessingS3Input",
        members=given("in/"),
    ),
    Clause(
        "terminal",
        "asks whether its standard output is a terminal",
        "seen('a terminal' if sys.stdout.isatty() else 'no terminal')",
        "Completed; seen.txt: a terminal",
        "Completed; seen.txt: no terminal",
        "Logs are collected through a pipe; progress bars, colours and buffering differ on a terminal.",
        BYOC / "byoc-logs-and-metrics",
        checks=("logs.unbuffered",),
    ),
    Clause(
        "byte-in-the-log",
        "logs a byte that is not UTF-8",
        "sys.stdout.buffer.write(bytes([255, 10])); sys.stdout.flush(); seen('whole')",
        "UnicodeDecodeError: 'utf-8' codec can't decode byte 0xff in position 27: invalid start byte",
        "Completed; seen.txt: whole",
        "No byte in a log fails a job. Local mode with Compose v2 breaks off at it.",
        BYOC / "byoc-logs-and-metrics",
    ),
    Clause(
        "environment",
        "reads the variable PRICE of its request, '$5 and $HOME'",
        "seen(os.environ['PRICE'])",
        "Completed; seen.txt: $5 and ~",
        "Completed; seen.txt: $5 and $HOME",
        "Environment reaches the container as it is. Compose replaces what follows a dollar sign.",
        API / "CreateProcessingJob",
        checks=("environment.reaches-the-program",),
        members={"Environment": {"PRICE": "$5 and $HOME"}},
    ),
    Clause(
        "caller-s-keys",
        "asks for AWS_SECRET_ACCESS_KEY in its environment",
        "seen('there' if 'AWS_SECRET_ACCESS_KEY' in os.environ else 'not there')",
        "Completed; seen.txt: there",
        "Completed; seen.txt: not there",
        "A job acts as its role. Local mode hands it the caller's own keys.",
        API / "CreateProcessingJob",
        checks=("environment.no-secrets", "aws.credentials-of-the-role"),
    ),
    Clause(
        "max-runtime",
        "works four seconds where MaxRuntimeInSeconds is 1",
        "time.sleep(4); seen('whole')",
        "Completed; seen.txt: whole",
        "Stopped",
        "A job is stopped at MaxRuntimeInSeconds. Local mode warns, and ignores it.",
        API / "CreateProcessingJob",
        members={"StoppingCondition": {"MaxRuntimeInSeconds": 1}},
    ),
    Clause(
        "isolation",
        "lists its network interfaces where EnableNetworkIsolation is true",
        "seen(' '.join(sorted(os.listdir('/sys/class/net'))))",
        "Completed; seen.txt: eth0 lo",
        "Completed; seen.txt: lo",
        "An isolated container has no way out. Local mode warns, and ignores it.",
        API / "NetworkConfig",
        checks=("hosts.isolated", "aws.no-calls-when-isolated"),
        members={"NetworkConfig": {"EnableNetworkIsolation": True}},
    ),
    Clause(
        "output-of-the-other-host",
        "looks on two hosts for the file that the other one has written to its output",
        f"""
seen("x", HOST[:6] + ".txt")
time.sleep(2)
if HOST.startswith("algo-1"):
    seen(files("{SEEN}"), "found")
time.sleep(1)
""",
        "Completed; algo-1.txt: x; algo-2.txt: x; found: algo-1.txt, algo-2.txt",
        "Completed; algo-1.txt: x; algo-2.txt: x; found: algo-1.txt",
        "Each host has a volume of its own. In local mode all share one, and overwrite each other's files.",
        API / "ProcessingS3Output",
        checks=("outputs.no-collision",),
        hosts=2,
    ),
)
