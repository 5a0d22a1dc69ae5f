"""Count the words of a text corpus on all hosts of a processing job.

Each host counts its share of the texts and sends each word's count to the one host that adds that word up and writes it
to `counts-HOST.csv`. The first host by name gathers the totals into `totals-HOST.json` and speaks for all.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any, NoReturn

import words
from peers import JobError, Peer, connected

OPT_ML = Path("/opt/ml")
MESSAGE_BYTES = 1024  # what DescribeProcessingJob returns of the messages of all hosts together
BATCH_CHARACTERS = 1 << 20  # between two batches a host notices what became of the others


class InputError(JobError):
    """The request or an input is of no use."""


class Job:
    """The job as this host sees it. Optional members of the two documents may be missing or null."""

    def __init__(self) -> None:
        """Read what Processing says of the job and of its hosts."""
        request = read_config("processingjobconfig.json")
        outputs = (request.get("ProcessingOutputConfig") or {}).get("Outputs")
        self.inputs = local_paths(request.get("ProcessingInputs"), "InputName", "S3Input")
        self.outputs = local_paths(outputs, "OutputName", "S3Output")
        resources = read_config("resourceconfig.json")
        self.host = str(resources["current_host"])  # neither the machine's own name nor always algo-N
        self.hosts = sorted(resources.get("hosts") or [self.host])
        self.leader = self.hosts[0]

    def files(self, name: str) -> list[Path]:
        """The files of an input, at any depth. On a host whose share is empty there may not even be a directory."""
        if name not in self.inputs:
            raise InputError(f"the request has no input {name}")
        return sorted(path for path in self.inputs[name].rglob("*") if path.is_file())

    def write(self, name: str, text: str) -> None:
        """Write a file of the output so that it appears complete: it may be uploaded while the job runs."""
        if "counts" not in self.outputs:
            raise InputError("the request has no output counts")
        write(self.outputs["counts"] / name, text)

    def say(self, message: str) -> None:
        """Leave the message that DescribeProcessingJob returns; one host speaks for all."""
        if self.host == self.leader:
            write(OPT_ML / "output" / "message", message.encode()[:MESSAGE_BYTES].decode(errors="ignore"))

    def stop(self, number: int, _frame: object) -> NoReturn:
        """Leave as the signal asks; the other hosts get it too."""
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
    """Write a file under another name, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
    print(f"wrote {path}")


async def count_files(files: list[Path], ignored: Collection[str] = ()) -> Counter[str]:
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
    # Everybody is connected, so that whatever goes wrong from here on is told to all.
    ignored = await count_files(job.files("stop-words")) if "stop-words" in job.inputs else Counter[str]()
    texts = job.files("texts")
    counted = await count_files(texts, ignored)
    print(f"counted {counted.total()} words of {len(texts)} texts")

    parts = words.partition(counted, job.hosts)
    for peer in peers.values():
        await peer.send({"texts": len(texts), "counts": parts[peer.name]})
    received = [{"texts": len(texts), "counts": parts[job.host]}, *[await peer.receive() for peer in peers.values()]]
    number_of_texts = sum(part["texts"] for part in received)
    if not number_of_texts:
        raise InputError("input texts is empty on every host")

    counts = words.merge(part["counts"] for part in received)
    rows = "".join(f"{word},{number}\n" for word, number in sorted(counts.items()))
    job.write(f"counts-{job.host}.csv", f"word,count\n{rows}")
    share = {"words": counts.total(), "different": len(counts), "most_common": words.most_common(counts, top)}
    if job.host != job.leader:
        await peers[job.leader].send(share)
        await peers[job.leader].farewell.wait()
        return ""

    shares = [share, *[await peer.receive() for peer in peers.values()]]
    totals = {name: sum(each[name] for each in shares) for name in ("words", "different")}
    ranking = words.most_common(words.merge(each["most_common"] for each in shares), top)
    job.write(
        f"totals-{job.host}.json",
        json.dumps({"texts": number_of_texts, **totals, "most_common": ranking}, indent=2, ensure_ascii=False) + "\n",
    )
    return (
        f"counted {totals['words']} words, {totals['different']} different ones, in {number_of_texts} texts "
        f"on {len(job.hosts)} hosts"
    )


async def run(job: Job, top: int, patience: float) -> str:
    """Do the work in the company of the other hosts; the result is the message."""
    async with connected(job.host, job.hosts, patience=patience) as peers:
        print(f"{job.host} is connected with {len(peers)} other hosts")
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
    print("done")
    return 0


if __name__ == "__main__":
    sys.exit(main())
