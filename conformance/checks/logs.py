"""What the container says while it runs."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.launch import needs_start
from conformance.image.executable import expanded
from conformance.image.image import Image
from conformance.image.interpreter import invocation
from conformance.job.variation import AS_REQUESTED, INPUT_MARKER, INPUT_REPEATED
from conformance.outcome.outcome import Outcome
from conformance.rule.contract import BYOC
from conformance.rule.declaration import DOCUMENTED, INFERRED, OBSERVED, SHOULD, NotJudged, check


@check(
    "logs.on-stdout-or-stderr",
    SHOULD,
    "The program logs to stdout or stderr",
    job=AS_REQUESTED,
    clause="Processing sends what the container writes to stdout and stderr to CloudWatch Logs, and nothing else.",
    spec=BYOC / "byoc-logs-and-metrics",
    basis=DOCUMENTED,
    remedy="Log to stdout or stderr, also where a log file is written: a file within the container is lost.",
)
def on_stdout_or_stderr(image: Image, outcome: Outcome) -> Iterator[str]:
    """One byte on either is enough."""
    needs_start(outcome)
    for host in outcome.hosts:
        if host.stdout.size + host.stderr.size == 0:
            yield f"Expected at least a line on stdout or stderr, and {host.name} wrote nothing to either."


@check(
    "logs.unbuffered",
    SHOULD,
    "Python writes its log without a buffer",
    job=None,
    clause="Processing stops a job with SIGKILL in the end, and what a program still holds in a buffer is lost then.",
    spec=BYOC / "byoc-logs-and-metrics",
    basis=OBSERVED,
    remedy='`ENV PYTHONUNBUFFERED=TRUE`, as in AWS\'s own example, or `ENTRYPOINT ["python3", "-u", ...]`.',
    reproduce="docker image inspect --format '{{json .Config.Env}} {{json .Config.Entrypoint}}' IMAGE",
)
def unbuffered(image: Image) -> Iterator[str]:
    """A container has no terminal, so Python collects kilobytes of stdout before it writes any."""
    asked = invocation(expanded(image))
    if asked is None or not asked.is_python or "u" in asked.letters or image.environment.get("PYTHONUNBUFFERED"):
        return
    yield f"Expected PYTHONUNBUFFERED in ENV or the option -u, and {asked.name} is started with neither."


@check(
    "logs.no-secrets",
    SHOULD,
    "The log holds no credentials and nothing of what an input holds",
    job=INPUT_REPEATED,
    clause="What the container writes to stdout and stderr is kept in CloudWatch Logs, where others read it.",
    spec=BYOC / "byoc-logs-and-metrics",
    basis=INFERRED,
    remedy="Do not print the environment: no `env`, `printenv`, `set -x` around secrets or `print(os.environ)`; "
    "name the file and the line that could not be read instead of repeating it.",
)
def no_secrets(image: Image, outcome: Outcome, corrupt: Outcome) -> Iterator[str]:
    """Shown by a path to the role's credentials in the environment, and by a word in inputs that are not the user's."""
    needs_start(outcome)
    leaked = False
    for host in outcome.hosts:
        if host.secret in host.stdout.found | host.stderr.found:
            leaked = True
            yield (
                f"Expected no credentials in the log, but {host.name} printed the value of "
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI."
            )
    for host in corrupt.hosts:
        if INPUT_MARKER in host.stdout.found | host.stderr.found:
            leaked = True
            yield (
                f"Expected nothing of an input's content in the log, but {host.name} repeated a word of a corrupt "
                f"input: {INPUT_MARKER}."
            )
    long = [host.name for run in (outcome, corrupt) for host in run.hosts if not host.stdout.complete]
    if long and not leaked:
        raise NotJudged(f"the log of {long[0]} is so long that the engine may have dropped its beginning")
