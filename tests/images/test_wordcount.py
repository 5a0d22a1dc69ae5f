"""The word count on several hosts: its counting, how its hosts keep together, and what comes of it on an engine."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import itertools
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.image.image import Image
from conformance.job.objects import ObjectTree
from conformance.job.request import JobRequest
from conformance.job.variation import Variation
from conformance.outcome.outcome import JobStatus, Outcome
from conformance.reports.facts import of_outcome
from conformance.rule import rerun
from conformance.service import engine, inspection
from conformance.service.local import LocalService
from conformance.service.settings import Settings
from images.examples.wordcount import peers, words
from tests.conftest import ROOT

JOB = ROOT / "fixtures/wordcount/job.json"
S3 = ROOT / "fixtures/wordcount/s3"
INPUTS = "conformance-fixtures/wordcount"

BOUND_SECONDS = 60
"""What no test comes near to, however slow the machine is."""


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Don't say so, said MR. Elliot;--no!", ["don't", "say", "so", "said", "mr", "elliot", "no"]),
        ("the 'very' hour_of 1814, o\u2019clock", ["the", "very", "hour", "of", "o\u2019clock"]),
        ("Straße ΛΟΓΟΣ 京都", ["straße", "λογος", "京都"]),
        ("re\u0301sume\u0301", ["r\u00e9sum\u00e9"]),
        (" \t\n", []),
    ],
)
def test_words_of_a_line(line: str, expected: list[str]) -> None:
    """Words are letters of any script and the apostrophes between them; an accent belongs to its letter."""
    assert expected == words.words_of(line)


def test_ignored_words_are_not_counted() -> None:
    """A word counts as often as it occurs in any line, unless it is ignored."""
    counted = words.count(["The sea, the sea", "and THE shore"], {"the", "and"})

    assert {"sea": 2, "shore": 1} == counted


def test_a_word_has_the_same_host_in_every_process() -> None:
    """Which host adds a word up depends on nothing but the word and the hosts, so all of them say the same."""
    parts = words.partition({"anne": 1, "elliot": 2, "lyme": 3, "the": 4}, ["a", "b", "c"])

    assert {"a": {"the": 4}, "b": {}, "c": {"anne": 1, "elliot": 2, "lyme": 3}} == parts


texts = st.lists(st.text("ab cé'", max_size=20), max_size=5)


@given(shares=st.lists(texts, min_size=1, max_size=16))
def test_shares_add_up_to_the_whole(shares: list[list[str]]) -> None:
    """However many hosts there are: what they add up is the count of all texts, and no word is added up by two."""
    hosts = [f"host-{number}" for number in range(len(shares))]
    parts = [words.partition(words.count(share), hosts) for share in shares]

    added = [words.merge(part[host] for part in parts) for host in hosts]

    assert words.count(line for share in shares for line in share) == words.merge(added)
    assert sum(map(len, added)) == len(words.merge(added))


def test_of_words_that_occur_equally_often_the_first_by_name_is_ranked_first() -> None:
    """The ranking depends neither on the order of the counts nor on how many words are asked for."""
    counts = {"d": 1, "c": 2, "b": 2, "a": 1}

    assert ["b", "c", "a"] == list(words.most_common(counts, 3))


def host(number: int) -> str:
    """The name of a host, which is an address of this machine, and no other test's at this moment."""
    return f"127.{os.getpid() % 250 + 1}.{os.getpid() // 250 % 250}.{number}"


HOSTS = [host(number) for number in (1, 2, 3)]

Work = Callable[[dict[str, peers.Peer]], Any]


async def company(*works: Work) -> list[Any]:
    """Run what the first hosts of `HOSTS` do, each in the company of all of them, and say how each one ended."""

    async def one(name: str, work: Work) -> Any:  # noqa: ANN401 - whatever the work returns
        async with peers.connected(name, HOSTS, address=name) as others:
            return await work(others)

    async with asyncio.timeout(BOUND_SECONDS):
        named = zip(HOSTS, works, strict=False)
        return await asyncio.gather(*(one(name, work) for name, work in named), return_exceptions=True)


async def wait_for_the_others(others: dict[str, peers.Peer]) -> list[Any]:
    """Wait for something from every other host."""
    return [await others[name].receive() for name in sorted(others)]


def test_every_host_exchanges_with_every_other_one() -> None:
    """What is sent arrives, also where it is more than any buffer holds and everybody sends before anybody reads."""
    large = "x" * (16 << 20)

    def work(number: int) -> Work:
        async def exchange(others: dict[str, peers.Peer]) -> list[Any]:
            for peer in others.values():
                await peer.send([number, large])
            return await wait_for_the_others(others)

        return exchange

    ended = asyncio.run(company(*map(work, (1, 2, 3))))

    assert [[[2, large], [3, large]], [[1, large], [3, large]], [[1, large], [2, large]]] == ended


def test_a_host_that_fails_tells_all_others_why() -> None:
    """All end with its reason and its name, and nobody waits for what will never come."""

    async def fail(_others: dict[str, peers.Peer]) -> None:
        raise peers.JobError("there is nothing to count")

    ended = asyncio.run(company(wait_for_the_others, fail, wait_for_the_others))

    assert "there is nothing to count" == str(ended[1])
    # Each hears it from that host itself, or first from the third one, which has heard it.
    assert all(str(ended[at]).endswith(f"{HOSTS[1]}: there is nothing to count") for at in (0, 2))


def test_what_nobody_expected_is_told_by_its_kind_alone() -> None:
    """The text of any other error may repeat what an input holds, so the others do not get it."""

    async def fail(_others: dict[str, peers.Peer]) -> None:
        raise KeyError("confidential")

    ended = asyncio.run(company(wait_for_the_others, fail, wait_for_the_others))

    assert isinstance(ended[1], KeyError)
    assert all(str(ended[at]).endswith(f"{HOSTS[1]}: KeyError") for at in (0, 2))


def test_a_host_that_vanishes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that ends without a goodbye means that its host is lost, to whoever does something else as well."""
    monkeypatch.setattr(peers, "STOP_SECONDS", 0)

    async def vanish(others: dict[str, peers.Peer]) -> None:
        for peer in others.values():
            peer.writer.transport.abort()
        await asyncio.Event().wait()

    async def work(_others: dict[str, peers.Peer]) -> None:
        for _ in itertools.count():
            await asyncio.sleep(0)

    ended = asyncio.run(company(work, work, vanish))

    assert all(isinstance(ended[at], peers.PeerError) for at in (0, 1))
    assert all(f"{HOSTS[2]} is lost" in str(ended[at]) for at in (0, 1))


def test_a_host_that_never_appears_is_not_waited_for_for_ever() -> None:
    """Both the one that it should call and the one that calls it give up, and say who is missing."""

    async def all_but_the_second() -> list[Any]:
        async def one(name: str) -> None:
            async with peers.connected(name, HOSTS, address=name, patience=0.5):
                pass

        async with asyncio.timeout(BOUND_SECONDS):
            return await asyncio.gather(*map(one, (HOSTS[0], HOSTS[2])), return_exceptions=True)

    ended = asyncio.run(all_but_the_second())

    assert all(f"{HOSTS[1]} did not appear" in str(error) for error in ended)


def test_its_patience_ends_well_before_that_of_the_suite() -> None:
    """It waits for a peer as long as AWS's own Spark image, and no busy machine has it stopped while it does."""
    assert rerun.PATIENCE_SECONDS == peers.APPEARANCE_SECONDS
    assert rerun.FAILURE_SECONDS >= peers.APPEARANCE_SECONDS + 30


def test_a_host_that_comes_late_is_called_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that cannot be reached at first is tried until it is there."""

    async def late() -> list[Any]:
        missed = asyncio.Event()
        monkeypatch.setattr(peers, "print", lambda _: missed.set(), raising=False)

        async def one(name: str) -> list[str]:
            async with peers.connected(name, HOSTS[:2], address=name) as others:
                return list(others)

        async with asyncio.timeout(BOUND_SECONDS):
            second = asyncio.create_task(one(HOSTS[1]))
            await missed.wait()
            return [await one(HOSTS[0]), await second]

    assert [[HOSTS[1]], [HOSTS[0]]] == asyncio.run(late())


async def reach(name: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect to a host that is about to listen."""
    for _ in itertools.count():
        with contextlib.suppress(ConnectionRefusedError):
            return await asyncio.open_connection(name, peers.PORT)
        await asyncio.sleep(0)
    raise AssertionError


@pytest.mark.parametrize(
    "said", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff\n", b"[]\n", b'["hello", "nobody"]\n', b"{}\n"]
)
def test_whoever_else_calls_does_no_harm(said: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A stranger is hung up on, and the hosts find each other all the same."""

    async def disturbed() -> list[Any]:
        async def one(name: str) -> list[str]:
            async with peers.connected(name, HOSTS[:2], address=name) as others:
                return list(others)

        async with asyncio.timeout(BOUND_SECONDS):
            first = asyncio.create_task(one(HOSTS[0]))
            reader, writer = await reach(HOSTS[0])
            writer.write(said)
            writer.write_eof()
            hung_up = await reader.read()
            writer.close()
            return [hung_up, await one(HOSTS[1]), await first]

    assert [b"", [HOSTS[0]], [HOSTS[1]]] == asyncio.run(disturbed())
    assert [] == caplog.records


def test_a_host_by_itself_has_no_others() -> None:
    """A job of one host needs no network."""

    async def alone() -> dict[str, peers.Peer]:
        async with peers.connected(HOSTS[0], HOSTS[:1], address=HOSTS[0]) as others:
            return others

    assert {} == asyncio.run(alone())


@pytest.fixture(name="program")
def _program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    """The program as it runs in the image, with /opt/ml elsewhere."""
    monkeypatch.syspath_prepend(ROOT / "images/examples/wordcount")
    program = importlib.import_module("wordcount")
    monkeypatch.setattr(program, "OPT_ML", tmp_path)
    return program


def configure(opt_ml: Path, resources: dict[str, Any], request: dict[str, Any]) -> None:
    """Write the two documents."""
    (opt_ml / "config").mkdir(exist_ok=True)
    (opt_ml / "config/resourceconfig.json").write_text(json.dumps(resources), encoding="utf-8")
    (opt_ml / "config/processingjobconfig.json").write_text(json.dumps(request), encoding="utf-8")


@pytest.mark.parametrize(
    "resources",
    [
        {"current_host": "node-b", "hosts": ["node-b", "node-a"]},
        {"current_host": "node-b", "hosts": ["node-a", "node-b"], "instance_groups": None, "network_interface_name": 1},
    ],
)
@pytest.mark.parametrize(
    "request_",
    [{}, {"ProcessingInputs": None, "ProcessingOutputConfig": None}, {"ProcessingOutputConfig": {"Outputs": None}}],
)
def test_what_the_documents_have_more_or_less_does_no_harm(
    resources: dict[str, Any], request_: dict[str, Any], program: ModuleType, tmp_path: Path
) -> None:
    """Hosts may have any names and come in any order; optional members may be null or missing."""
    configure(tmp_path, resources, request_)

    job = program.Job()

    assert ("node-b", ["node-a", "node-b"], "node-a", {}, {}) == (
        job.host,
        job.hosts,
        job.leader,
        job.inputs,
        job.outputs,
    )


def test_inputs_and_outputs_are_found_by_name(program: ModuleType, tmp_path: Path) -> None:
    """What has no LocalPath is none of the program's, and members that are not known do no harm."""
    location = {"LocalPath": "/opt/ml/processing/x", "S3Uri": "s3://bucket/x", "Unknown": [None]}
    inputs = [
        {"InputName": "texts", "S3Input": location, "DatasetDefinition": None},
        {"InputName": "managed", "S3Input": None},
        {"InputName": "pathless", "S3Input": {**location, "LocalPath": None}},
    ]
    outputs = [{"OutputName": "counts", "S3Output": location, "FeatureStoreOutput": None}]
    request_ = {"ProcessingInputs": inputs, "ProcessingOutputConfig": {"Outputs": outputs, "KmsKeyId": None}}
    configure(tmp_path, {"current_host": "one", "hosts": None}, request_)

    job = program.Job()

    path = Path("/opt/ml/processing/x")
    assert ({"texts": path}, {"counts": path}, ["one"]) == (job.inputs, job.outputs, job.hosts)


@pytest.mark.parametrize(("own", "expected"), [("a", "é" * 512), ("b", None)])
def test_the_first_host_alone_speaks_and_briefly(
    own: str, expected: str | None, program: ModuleType, tmp_path: Path
) -> None:
    """All messages together are cut to 1 KB, so there is one, cut between two letters."""
    configure(tmp_path, {"current_host": own, "hosts": ["a", "b"]}, {})

    program.Job().say("é" * 600 + "x")

    message = tmp_path / "output/message"
    assert expected == (message.read_text(encoding="utf-8") if message.exists() else None)


@pytest.fixture(name="run", scope="module")
def _run(tag: Callable[[str], str]) -> Iterator[Callable[..., Outcome]]:
    """Run the job on so many hosts, with what the fixture has in S3 or with other inputs."""
    reached = engine.connect()
    image: Image = inspection.find(reached, tag("examples/wordcount"))
    services = []

    def run(
        hosts: int,
        s3: Path = S3,
        changed_by: Variation = Variation.AS_REQUESTED,
        stop_after_seconds: float | None = None,
        cut_off_after_seconds: float | None = None,
        **application: object,
    ) -> Outcome:
        document = json.loads(JOB.read_text(encoding="utf-8"))
        document["ProcessingResources"]["ClusterConfig"]["InstanceCount"] = hosts
        document["AppSpecification"] |= application
        services.append(LocalService(reached, ObjectTree(s3), Settings(stop_grace_seconds=3)))
        return services[-1].run(
            image,
            JobRequest(document),
            changed_by,
            stop_after_seconds=stop_after_seconds,
            cut_off_after_seconds=cut_off_after_seconds,
        )

    yield run
    for service in services:
        service.close()


def put(s3: Path, **texts_by_name: bytes) -> Path:
    """An S3 in which there are these texts, and a list of stop words."""
    for name, content in {
        **{f"texts/{name}": text for name, text in texts_by_name.items()},
        "stop-words/x": b"the",
    }.items():
        path = s3 / INPUTS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return s3


def counted(folder: Path) -> Counter[str]:
    """How often each word occurs in a folder of texts that are in ASCII alone."""
    text = "\n".join(path.read_text(encoding="ascii") for path in folder.iterdir())
    return Counter(re.findall(r"[a-z]+(?:'[a-z]+)*", text.lower()))


def digest(content: str) -> str:
    """What an upload shows of its content."""
    return sha256(content.encode()).hexdigest()


@pytest.mark.engine
@pytest.mark.parametrize("number", [1, 2, 3, 10])
def test_any_number_of_hosts_counts_the_same(number: int, run: Callable[..., Outcome]) -> None:
    """The totals are those of a plain count; each word is in the file of one host, and no other host writes it."""
    every_word = counted(S3 / INPUTS / "texts")
    for word in counted(S3 / INPUTS / "stop-words"):
        del every_word[word]
    ranking = dict(sorted(every_word.items(), key=lambda item: (-item[1], item[0]))[:20])
    totals = {"hosts": number, "texts": 12, "words": every_word.total(), "different words": len(every_word)}
    names = sorted(f"algo-{at}" for at in range(1, number + 1))
    files = {
        f"counts-{name}.csv": "\n".join(["word,count", *(f"{word},{part[word]}" for word in sorted(part)), ""])
        for name, part in words.partition(every_word, names).items()
    }

    outcome = run(number)

    assert [0] * number == [each.exit_code for each in outcome.hosts], [each.stderr.text for each in outcome.hosts]
    files["totals-algo-1.json"] = json.dumps({**totals, "most common": ranking}, indent=2) + "\n"
    uploads = {upload.uri.rpartition("/")[2]: upload.digest for upload in outcome.uploads}
    assert {name: digest(content) for name, content in files.items()} == uploads
    assert len(outcome.uploads) == len(uploads)
    assert ", ".join(f"{name}: {figure}" for name, figure in totals.items()) == outcome.exit_message


@pytest.mark.engine
def test_a_host_may_have_no_text(run: Callable[..., Outcome], tmp_path: Path) -> None:
    """Where there are fewer texts than hosts, all exit with 0, and the texts are counted."""
    outcome = run(3, put(tmp_path, one=b"The sea", two="Étretat, the sea".encode()))

    assert [0, 0, 0] == [each.exit_code for each in outcome.hosts]
    assert "hosts: 3, texts: 2, words: 3, different words: 2" == outcome.exit_message


@pytest.mark.engine
def test_no_text_at_all_is_an_error_of_every_host(run: Callable[..., Outcome], tmp_path: Path) -> None:
    """An input that is empty on all hosts fails all of them, and the message says so."""
    outcome = run(3, put(tmp_path))

    assert [1, 1, 1] == [each.exit_code for each in outcome.hosts]
    assert (outcome.exit_message or "").endswith("input texts is empty on every host")


@pytest.mark.engine
def test_a_text_that_is_not_utf_8_fails_every_host(run: Callable[..., Outcome], tmp_path: Path) -> None:
    """The one that got it says which text it is, and nobody repeats what it holds."""
    outcome = run(3, put(tmp_path, a=b"sea", b=b"confidential \xff", c=b"sea"))

    assert [1, 1, 1] == [each.exit_code for each in outcome.hosts]
    assert "algo-2: b is not UTF-8 text" == outcome.exit_message
    assert not [each for each in outcome.hosts if "confidential" in each.stdout.text + each.stderr.text]


WAITING = """case $(cat /opt/ml/config/resourceconfig.json) in
*'"current_host": "algo-2"'*) sleep 600;;
*) exec python3 /program/wordcount.py;;
esac"""
"""The second host never appears."""


@pytest.mark.engine
@pytest.mark.parametrize(
    ("stopped_by", "code"), [(Variation.STOPPED_BY_SIGINT, 130), (Variation.STOPPED_BY_SIGTERM, 143)]
)
def test_a_stop_ends_the_program(stopped_by: Variation, code: int, run: Callable[..., Outcome]) -> None:
    """A host that waits for others leaves as the signal asks, and the first one says so."""
    outcome = run(3, changed_by=stopped_by, stop_after_seconds=3, ContainerEntrypoint=["sh", "-c", WAITING])

    assert JobStatus.STOPPED is outcome.status
    assert [code, code] == [outcome.hosts[at].exit_code for at in (0, 2)]
    assert stopped_by.value == outcome.exit_message


SLOWLY = """
import asyncio, sys

sys.argv = ["wordcount.py"]
sys.path.insert(0, "/program")
import wordcount

count_corpus = wordcount.count_corpus

async def slowly(job, *rest):
    await asyncio.sleep(0 if job.host == job.leader else 3600)
    return await count_corpus(job, *rest)

wordcount.count_corpus = slowly
sys.exit(wordcount.main())
"""
"""All hosts but the first have work for an hour."""


@pytest.mark.engine
def test_a_host_that_vanishes_from_the_network_fails_the_job(run: Callable[..., Outcome]) -> None:
    """Nobody closes its connections, and no packet comes back: the kernel says so before the suite's limit."""
    outcome = run(
        2,
        changed_by=Variation.CUT_OFF,
        stop_after_seconds=200.0,
        cut_off_after_seconds=4.0,
        ContainerEntrypoint=["python3", "-c", SLOWLY],
    )

    assert [1, 1] == [each.exit_code for each in outcome.hosts], [each.stderr.text for each in outcome.hosts]
    assert JobStatus.FAILED is outcome.status
    (told,) = of_outcome(outcome)
    assert told.startswith("algo-2 was disconnected from the network after ")
    assert told.endswith("; job status: Failed")
