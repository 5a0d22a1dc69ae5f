"""Count the words of a text corpus on all hosts of a processing job.

Each host counts its share of the texts, and sends the count of each word to the one host that adds that word up and
writes it to `counts-HOST.csv`. The first host by name writes `totals-HOST.json` and the message.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, NoReturn

import words
from peers import JobError, Peer, connected

OPT_ML = Path("/opt/ml")
MESSAGE_BYTES = 1024  # what DescribeProcessingJob returns of the messages of all hosts together
BATCH_CHARACTERS = 1 << 20  # between two batches a host notices what has become of the others


class InputError(JobError):
    """The request or an input is of no use."""


class Job:
    """The job as this host sees it. Optional members of the two documents may be missing or null."""

    def __init__(self) -> None:
        """Read what Processing says of the job and of its hosts."""
        request, resources = read_config("processingjobconfig.json"), read_config("resourceconfig.json")
        self.inputs = local_paths(request.get("ProcessingInputs"), "InputName", "S3Input")
        outputs = (request.get("ProcessingOutputConfig") or {}).get("Outputs")
        self.outputs = local_paths(outputs, "OutputName", "S3Output")
        self.host = str(resources["current_host"])  # a machine's own name is another one
        self.hosts = sorted(resources.get("hosts") or [self.host])
        self.leader = self.hosts[0]

    def say(self, message: str) -> None:
        """Leave the message that DescribeProcessingJob returns; one host speaks for all."""
        if self.host == self.leader:
            write(OPT_ML / "output" / "message", message.encode()[:MESSAGE_BYTES].decode(errors="ignore"))

    def stop(self, number: int, _frame: object) -> NoReturn:
        """Leave as the signal asks, which the other hosts get too."""
        name = signal.Signals(number).name
        self.say(f"stopped by {name}")
        print(f"{name}: leaving", file=sys.stderr, flush=True)
        os._exit(128 + number)


def read_config(name: str) -> dict[str, Any]:
    """A document that Processing writes for the container."""
    content = json.loads((OPT_ML / "config" / name).read_text(encoding="utf-8"))
    return content if isinstance(content, dict) else {}


def local_paths(entries: list[dict[str, Any]] | None, name: str, location: str) -> dict[str, Path]:
    """The local path of each input or output."""
    paths = {str(entry.get(name)): (entry.get(location) or {}).get("LocalPath") for entry in entries or []}
    return {name: Path(path) for name, path in paths.items() if path}


def write(path: Path, text: str) -> None:
    """Write a file so that it appears complete: an output may be uploaded while the job runs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
    print(f"wrote {path}")


async def count_files(files: Iterable[Path], ignored: Collection[str] = ()) -> Counter[str]:
    """The words of some files."""
    counts: Counter[str] = Counter()
    for path in files:
        try:
            with path.open(encoding="utf-8") as text:
                while lines := text.readlines(BATCH_CHARACTERS):
                    counts.update(words.count(lines, ignored))
                    await asyncio.sleep(0)
        except UnicodeDecodeError as error:
            raise InputError(f"{path.name} is not UTF-8 text") from error
    return counts


async def count_corpus(job: Job, peers: dict[str, Peer], top: int) -> str:
    """Count together with the other hosts; the result is the message."""
    if "texts" not in job.inputs or "counts" not in job.outputs:
        raise InputError("the request must have an input texts and an output counts")
    # A host whose share is empty may not even have the directory.
    files = {name: sorted(path for path in folder.rglob("*") if path.is_file()) for name, folder in job.inputs.items()}
    counted = await count_files(files["texts"], await count_files(files.get("stop-words", ())))
    print(f"counted {counted.total()} words of {len(files['texts'])} texts")

    parts = words.partition(counted, job.hosts)
    found = {name: len(paths) for name, paths in files.items()}
    for peer in peers.values():
        await peer.send({"files": found, "counts": parts[peer.name]})
    received = [{"files": found, "counts": parts[job.host]}, *[await peer.receive() for peer in peers.values()]]
    for name in found:
        if not any(each["files"][name] for each in received):
            raise InputError(f"input {name} is empty on every host")

    counts = words.merge(each["counts"] for each in received)
    rows = "".join(f"{word},{number}\n" for word, number in sorted(counts.items()))
    write(job.outputs["counts"] / f"counts-{job.host}.csv", f"word,count\n{rows}")
    share = {"words": counts.total(), "different words": len(counts), "most common": words.most_common(counts, top)}
    if job.host != job.leader:
        await peers[job.leader].send(share)
        await peers[job.leader].farewell.wait()
        return ""

    shares = [share, *[await peer.receive() for peer in peers.values()]]
    totals = {"hosts": len(shares), "texts": sum(each["files"]["texts"] for each in received)}
    totals |= {name: sum(each[name] for each in shares) for name in ("words", "different words")}
    ranking = words.most_common(words.merge(each["most common"] for each in shares), top)
    document = json.dumps({**totals, "most common": ranking}, indent=2, ensure_ascii=False)
    write(job.outputs["counts"] / f"totals-{job.host}.json", f"{document}\n")
    return ", ".join(f"{name}: {number}" for name, number in totals.items())


async def run(job: Job, top: int, patience: float) -> str:
    """Do the work in the company of the other hosts, who learn of whatever goes wrong; the result is the message."""
    async with connected(job.host, job.hosts, patience=patience) as peers:
        print(f"{job.host} is connected with {len(peers)} others")
        return await count_corpus(job, peers, top)


def main() -> int:
    """Run the job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--top", type=int, default=10, metavar="N", help="tell the N words that occur most often")
    parser.add_argument("--patience", type=float, default=60, metavar="SECONDS", help="wait so long for a host")
    options = parser.parse_args()
    job = Job()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, job.stop)
    try:
        message = asyncio.run(run(job, options.top, options.patience))
    except JobError as error:
        print(f"error: {error}", file=sys.stderr)
        job.say(str(error))
        return 1
    job.say(message)
    print(f"done on {job.host}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
