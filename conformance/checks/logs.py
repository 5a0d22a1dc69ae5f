"""What the container logs while it runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.checks.launch import needs_start
from conformance.image.executable import expanded
from conformance.image.image import Image
from conformance.image.interpreter import Invocation, invocation
from conformance.job.request import JobRequest
from conformance.job.variation import AS_REQUESTED, CORRUPT_INPUTS, INPUT_MARKER
from conformance.outcome import workload
from conformance.outcome.outcome import Outcome
from conformance.rule.command import as_run
from conformance.rule.contract import BYOC
from conformance.rule.declaration import DOCUMENTED, INFERRED, OBSERVED, SHOULD, DoesNotApply, NotJudged, OnAws, check
from conformance.rule.evidence import WITH_OTHER_INPUTS, some_of
from conformance.rule.sight import Sight


@check(
    "logs.on-stdout-or-stderr",
    SHOULD,
    "The program logs to stdout or stderr",
    job=AS_REQUESTED,
    sees={Sight.ENDS, Sight.LOGS},
    on_aws=OnAws.YES,
    clause="Processing sends stdout and stderr of the container to CloudWatch Logs, and nothing else.",
    spec=BYOC / "byoc-logs-and-metrics",
    basis=DOCUMENTED,
    remedy="Log to stdout or stderr, even if a log file is written, too: a file in the container is lost.",
)
def on_stdout_or_stderr(image: Image, outcome: Outcome) -> Iterator[str]:
    """One byte on either is enough."""
    needs_start(outcome)
    for host in outcome.hosts:
        if host.stdout.size + host.stderr.size == 0:
            yield f"Expected at least one line on stdout or stderr, but {host.name} wrote nothing to either."


@check(
    "logs.unbuffered",
    SHOULD,
    "Python's output is unbuffered",
    job=None,
    sees={Sight.LOGS, Sight.PROCESSES},
    clause="In the end Processing stops a job with SIGKILL, and output that is still buffered is lost.",
    spec=BYOC / "byoc-logs-and-metrics",
    basis=OBSERVED,
    remedy='`ENV PYTHONUNBUFFERED=TRUE`, as in AWS\'s own example, or `ENTRYPOINT ["python3", "-u", ...]`.',
    reproduce="docker image inspect --format '{{json .Config.Env}} {{json .Config.Entrypoint}}' IMAGE",
    shown_by=AS_REQUESTED,
)
def unbuffered(image: Image, requests: Sequence[JobRequest], runs: Sequence[Outcome]) -> Iterator[str]:
    """A container has no terminal, so Python buffers kilobytes of stdout before it writes any.

    If a run was traced, the Python that did the work counts, whichever wrapper started it.
    """
    # A stand-in writes to both.
    own = [host for run in runs if run.stand_in is None for host in run.hosts]
    if own and all(host.stdout.size == 0 and host.stderr.size > 0 for host in own):
        raise DoesNotApply("the program writes to stderr alone, which Python buffers no longer than a line")
    ran = {run.request.name: run for run in runs}
    seen = False
    for request in requests or (None,):
        view = image if request is None else as_run(image, request)
        # Without a request there may be a run of the suite's own.
        run = next(iter(runs), None) if request is None else ran.get(request.name)
        found = None if run is None else _pythons_at_work(run)
        if found is None:
            words = expanded(view) if request is None or not request.entrypoint else request.entrypoint + view.cmd
            asked = invocation(words)
            found = [] if asked is None or not asked.is_python else [("", asked, None)]
        for where, asked, is_set in found:
            seen = True
            if "u" in asked.letters:
                continue
            deaf = next((f"-{letter}" for letter in "EI" if letter in asked.letters), "")
            if deaf:
                yield (
                    f"Expected the option -u beside {deaf}, which ignores PYTHONUNBUFFERED, but {asked.name} is "
                    f"started without it{where}."
                )
            elif not (view.environment.get("PYTHONUNBUFFERED") or is_set):
                yield (
                    "Expected PYTHONUNBUFFERED in ENV or the option -u, but "
                    f"{asked.name} is started with neither{where}."
                )
    if not seen:
        raise DoesNotApply("no Python does the work")


def _pythons_at_work(run: Outcome) -> list[tuple[str, Invocation, bool | None]] | None:
    """The Python that did the work on each host of a run, and whether it had PYTHONUNBUFFERED; None if untraced."""
    traces = [(host, host.trace) for host in run.hosts if host.trace is not None]
    found: list[tuple[str, Invocation, bool | None]] = []
    for host, trace in traces:
        process = workload.find(trace).process
        if process is None or not process.executions:
            continue
        last = process.executions[-1]
        # A process may set any argv[0], so the executable counts if the name is not that of an interpreter.
        asked = invocation(last.argv) or invocation((last.executable, *last.argv[1:]))
        if asked is not None and asked.is_python:
            where = "" if run.stand_in is not None else f" by {host.name} of job {run.request.name}"
            found.append((where, asked, last.unbuffered))
    return found if traces else None


@check(
    "logs.no-secrets",
    SHOULD,
    "The log contains no credentials or input data",
    job=CORRUPT_INPUTS,
    sees={Sight.ENDS, Sight.LOGS},
    on_aws=OnAws.FINDINGS,
    clause="stdout and stderr of the container are kept in CloudWatch Logs, where others can read them.",
    spec=BYOC / "byoc-logs-and-metrics",
    basis=INFERRED,
    remedy="Do not print the environment: no `env`, `printenv`, `set -x` around secrets or `print(os.environ)`; "
    "log the file name and line number instead of the line that could not be read.",
)
def no_secrets(image: Image, outcome: Outcome, empty: Outcome, corrupt: Outcome) -> Iterator[str]:
    """Shown by a path to the role's credentials in the environment, and by a word in inputs that are not the user's.

    Many programs print their environment only when they fail.
    """
    needs_start(outcome)
    leaked = False
    runs = (outcome, empty, corrupt)
    for when, run in zip(WITH_OTHER_INPUTS, runs, strict=True):
        said = {host.name: host.leaks(host.stdout.found | host.stderr.found) for host in run.hosts}
        if found := [name for name, words in said.items() if words]:
            leaked = True
            yield f"Expected no credentials in the log, but {some_of(found)} printed {said[found[0]]}{when}."
            break
    for host in corrupt.hosts:
        if INPUT_MARKER in host.stdout.found | host.stderr.found:
            leaked = True
            yield (
                f"Expected no input data in the log, but {host.name} repeated a word of a corrupt "
                f"input: {INPUT_MARKER}."
            )
    long = [host.name for run in runs for host in run.hosts if not host.stdout.complete]
    if long and not leaked:
        raise NotJudged(f"the log of {long[0]} is so long that the engine may have dropped its start")
