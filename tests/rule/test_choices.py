"""The suite's own choices, each by the symptom that shows that it counted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.job.conditions import AS_CHOSEN
from conformance.outcome.activity import Connect
from conformance.outcome.calls import Call, Calls, Signer
from conformance.outcome.outcome import End, Host, Outcome, Stop, Trial
from conformance.outcome.trace import Process, Signal, Trace
from conformance.rule.choices import CHOICES, UNREACHABLE, doubt, emulated
from conformance.rule.machine import LINES
from tests.support.outcomes import INPUT, host, not_started, outcome, process, query, request

NETWORK = "a job with one host has no outside network here: pass --image-network=NAME"
AWS = "a job has no AWS here: --image-aws lets the job reach S3"
OTHER_AWS = (
    "the suite's AWS holds what --image-s3 gives, and has what moto has: add what is missing to --image-s3, or leave "
    "the call out"
)
NO_REGION = (
    "AWS documents no AWS_DEFAULT_REGION in a container, so it is not set here: set it in the request's Environment, "
    "or pass the client a region"
)
MEMORY = (
    "the memory is that of this engine, not of the instance: use an engine with more memory, or raise "
    "--image-limit=memory=SIZE"
)
PROCESSORS = "the processors are those of this engine, not of the instance: raise MaxRuntimeInSeconds"
COUNT = "the number of processors is that of this engine, not of the instance: use an engine with as many"
PROCESSOR = "the processor is that of this engine, not of the instance: use one of the same type"
SHARED = "shared memory has 64 MiB here, as users report for Processing: write less to /dev/shm"
OWNERS = "directories below /opt/ml belong to root here, as users report for Processing: see outputs.writable-by-user"
PROCESSES = (
    "a container has the engine's limits here, and the suite's on processes: use fewer processes, threads and open "
    "files, or raise --image-limit=processes=COUNT"
)
MOUNTS = "/opt/ml is a single volume here, which does not contain /tmp: see outputs.work-as-mount-points"
DISK = "the disk is that of this engine: free some space"
MEMBERS = "both configuration files only have documented members here: only read documented members"
CAPABILITIES = "a container has Docker's default capabilities here: do not rely on additional ones"
IPV6 = "containers have no IPv6 here: use IPv4"

ISOLATED = request(NetworkConfig={"EnableNetworkIsolation": True})


def failed(said: str = "", **rest: object) -> Host:
    """A host that failed with these words."""
    return host(stderr=said, **{"exit_code": 1, **rest})  # type: ignore[arg-type] # the fields of Host


@pytest.mark.parametrize(
    ("said", "choice"),
    [
        ("socket.gaierror: [Errno -3] Temporary failure in name resolution", NETWORK),
        ("ERROR: No matching distribution found for pandas", NETWORK),
        ("curl: (6) Could not resolve host: example.com", NETWORK),
        ("OSError: [Errno 101] Network is unreachable", NETWORK),
        ("Error: getaddrinfo ENOTFOUND example.com", NETWORK),
        ("botocore.exceptions.NoCredentialsError: Unable to locate credentials", AWS),
        ('Could not connect to the endpoint URL: "https://s3.eu-central-1.amazonaws.com/x"', AWS),
        ("MemoryError", MEMORY),
        ("java.lang.OutOfMemoryError: Java heap space", MEMORY),
        ("terminate called after throwing an instance of 'std::bad_alloc'", MEMORY),
        ("error='Not enough space' (errno=12)", MEMORY),
        ("Error: cannot allocate vector of size 20.0 Gb", MEMORY),
        ("memory allocation of 68719476736 bytes failed", MEMORY),
        ("12 GiB of memory are needed, but there are 7.5", MEMORY),
        ("taskset: failed to set pid 1's affinity: Invalid argument", COUNT),
        ("AssertionError: ml.m5.xlarge has 4 processors, not 2", COUNT),
        ("at least 8 vCPUs are required", COUNT),
        ("Bus error (core dumped)", SHARED),
        ("RuntimeError: unable to write to file </torch_1>: /dev/shm is full", SHARED),
        ("PermissionError: [Errno 13] Permission denied: '/opt/ml/processing/output/x'", OWNERS),
        ("cp: cannot create regular file '/opt/ml/processing/output/x': Permission denied", OWNERS),
        ("Error: EACCES: permission denied, open '/opt/ml/output/message'", OWNERS),
        ("RuntimeError: can't start new thread", PROCESSES),
        ("bash: fork: retry: Resource temporarily unavailable", PROCESSES),
        ("OSError: [Errno 24] Too many open files: '/x'", PROCESSES),
        ("/run.sh: line 3: ulimit: open files: cannot modify limit: Operation not permitted", PROCESSES),
        ("ValueError: not allowed to raise maximum limit", PROCESSES),
        ("nofile: 20000 is too low, raise it to 65536", PROCESSES),
        ("OSError: [Errno 18] Invalid cross-device link: '/tmp/x' -> '/opt/ml/x'", MOUNTS),
        ("rm: cannot remove '/opt/ml/processing/output': Device or resource busy", MOUNTS),
        ("/opt/ml/processing is not a mountpoint", MOUNTS),
        ("OSError: [Errno 28] No space left on device", DISK),
        ("the volume is too small: 252 of 4000 GB", DISK),
        ("KeyError: 'network_interface_name'", MEMBERS),
        ('no "current_instance_type" in resourceconfig.json', MEMBERS),
        ("fuse: device not found, try 'modprobe fuse' first: /dev/fuse", CAPABILITIES),
        ("mount: /mnt: operation not permitted", CAPABILITIES),
        ("chrt: failed to set pid 0's policy: Operation not permitted", CAPABILITIES),
        ('sysctl: setting key "vm.max_map_count": Read-only file system', CAPABILITIES),
        ("OSError: [Errno 38] Function not implemented", CAPABILITIES),
        ("cannot raise the priority: Permission denied", CAPABILITIES),
        ("mount: /mnt: permission denied.", CAPABILITIES),
        ("io_uring is not available here (errno 1)", CAPABILITIES),
        ("OSError: [Errno 99] Cannot assign requested address ('::1', 8085)", IPV6),
    ],
)
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_choice_is_recognised_by_what_the_program_says(said: str, choice: str, stream: str) -> None:
    """The doubt quotes it, names the choice, and says what changes it."""
    ended = host(exit_code=1, **{stream: f"reading\n{said}\n"})  # type: ignore[arg-type] # only the streams

    assert f"algo-1 logged {said!r}; {choice}" == doubt(outcome(ended))


@pytest.mark.parametrize(
    "said",
    [
        "",
        "ValueError: could not convert string to float: 'x'",
        "FileNotFoundError: [Errno 2] No such file or directory: '/opt/ml/processing/input/data/x.csv'",
        "PermissionError: [Errno 13] Permission denied: '/usr/local/lib/x'",
        "/run.sh: line 3: count: command not found",
        "KeyError: 'hosts'",
        "Segmentation fault (core dumped)",
        "assertion on memory layout failed",
        "2 of 3 processors failed",
        "chown: changing ownership of '/data': Operation not permitted",
        'error: failed switching to "app": operation not permitted',
        "cp: cannot open '/srv/mount': Permission denied",
        "3 rows have no volume",
        "12 GiB of memory were read in 3 parts, of which the last one is torn",
        "OSError: [Errno 99] Cannot assign requested address",
        "offline mode: 3 rows",
    ],
)
def test_an_ordinary_failure_is_the_programs_own(said: str) -> None:
    """It says nothing of any of the choices."""
    assert "" == doubt(outcome(failed(said)))


def test_what_was_said_long_before_a_traceback_is_not_what_it_failed_of() -> None:
    """A connection that was tried in vain, and done without."""
    traceback = 'Traceback (most recent call last):\n  File "/x.py", line 1, in <module>\n    main()\nValueError: 3\n'
    ended = failed("update check: Temporary failure in name resolution\n" + "row\n" * 9 + traceback)

    assert "" == doubt(outcome(ended))


def test_the_source_code_in_a_traceback_tells_which_call_failed() -> None:
    """The exception does not."""
    lines = ("Traceback (most recent call last):", '  File "/x.py", line 1, in <module>', "    {}", "OSError: {}")
    pin, bind = "os.sched_setaffinity(0, {3})", 'socket.create_server(("::1", 80))'
    pinned = failed("\n".join(lines).format(pin, "[Errno 22] Invalid argument"))
    bound = failed("\n".join(lines).format(bind, "[Errno 99] Cannot assign requested address"))

    assert doubt(outcome(pinned)).endswith(COUNT)
    assert doubt(outcome(bound)).endswith(IPV6)


def test_the_source_code_in_a_traceback_tells_what_the_kernel_refused() -> None:
    """Changing users is refused in every container to one who is not root, so the image's own USER is at fault."""
    lines = ("Traceback (most recent call last):", '  File "/x.py", line 1, in <module>', "    {}", "OSError: {}")
    refused = [
        doubt(outcome(failed("\n".join(lines).format(call, "[Errno 1] Operation not permitted"))))
        for call in ("os.setuid(0)", "open_device()")
    ]

    assert ["", CAPABILITIES] == [reason.partition("; ")[2] for reason in refused]


def test_a_refusal_that_other_lines_follow_was_got_over() -> None:
    """Only a traceback has lines that belong together."""
    assert "" == doubt(outcome(failed("tuning: Operation not permitted\nno rows\n")))


def test_what_was_said_long_before_the_end_is_not_looked_at() -> None:
    """So many lines are."""
    said = "MemoryError: cache is off\n"

    assert ["", "algo-1 logged"] == [doubt(outcome(failed(said + "row\n" * rows)))[:13] for rows in (LINES, LINES - 1)]


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        (host(exit_code=137, out_of_memory=True), f"algo-1 ran out of memory; {MEMORY}"),
        (host(exit_code=132), f"algo-1 was killed by SIGILL; {PROCESSOR}"),
        (
            host(exit_code=135),
            f"algo-1 was killed by SIGBUS, which a write to a full /dev/shm causes; {SHARED}",
        ),
        (host(exit_code=139), ""),
        (
            host(exit_code=137, end=End.MAX_RUNTIME),
            f"algo-1 was still running, and it is not known whether it was working; {PROCESSORS}",
        ),
        (
            host(exit_code=137, end=End.MAX_RUNTIME, seconds=60.4, processor_seconds=0.03),
            f"algo-1 was still working after 60 s; {PROCESSORS}",
        ),
        (host(exit_code=137, end=End.MAX_RUNTIME, seconds=60.4, processor_seconds=0.029), ""),
        (
            host(
                exit_code=137,
                end=End.MAX_RUNTIME,
                seconds=2.0,
                processor_seconds=0.0,
                stdout="x" * 100_000,
                stderr="x" * 100_001,
            ),
            f"algo-1 was still running, having logged 200,001 bytes, which the engine has to take; {PROCESSORS}",
        ),
        (host(exit_code=137, end=End.MAX_RUNTIME, seconds=2.0, processor_seconds=0.0, stdout="x" * 200_000), ""),
        (host(exit_code=1, processor_seconds=60.0), ""),
    ],
    ids=["memory", "SIGILL", "SIGBUS", "SIGSEGV", "limit", "busy", "idle", "flood", "no flood", "no limit"],
)
def test_a_choice_is_recognised_by_how_the_program_ended(ended: Host, expected: str) -> None:
    """Without a word in its log."""
    assert expected == doubt(outcome(ended))


SHELL = process(1, 0, "/bin/sh", "/run.sh")


def killed(number: int, *signals: Signal, stop: Stop | None = None) -> Host:
    """A host of whose processes one was ended by a signal."""
    child = replace(process(7, 1, "python3", "/x.py"), exit_code=None, killed_by=number)
    return failed(trace=Trace((SHELL, child), signals, tracer=2), stop=stop)


def signal(sender: int | None) -> Signal:
    """A SIGKILL that reached the child."""
    return Signal(3.0, 3.0, 9, sender, 7, "default")


@pytest.mark.parametrize(
    ("ended", "choice"),
    [
        (killed(9), MEMORY),
        (killed(9, Signal(3.0, 3.0, 9, 1, 8, "default")), MEMORY),
        (killed(9, signal(1)), ""),
        (killed(9, stop=Stop("SIGINT", 3.0, killed=True)), ""),
        (killed(4), PROCESSOR),
        (killed(7), SHARED),
        (killed(11), ""),
    ],
    ids=["SIGKILL", "of another", "sent", "stopped", "SIGILL", "SIGBUS", "SIGSEGV"],
)
def test_a_choice_is_recognised_by_how_a_child_ended(ended: Host, choice: str) -> None:
    """A SIGKILL that nobody sent is the kernel's, for want of memory."""
    assert choice == doubt(outcome(ended)).partition("; ")[2]


def connecting(address: str, error: str | None) -> Host:
    """A host that wanted to reach an address."""
    trace = Trace((Process(1, 0, 1.0),), tracer=2, connects=(Connect(2.0, 1, address, 443, error),))
    return failed(trace=trace)


@pytest.mark.parametrize("error", [None, *sorted(UNREACHABLE)])
def test_an_address_that_could_not_be_reached_is_the_networks(error: str | None) -> None:
    """As the kernel told it, also for several hosts; a host of the job itself is no address outside."""
    how = error or "no answer"
    far, near = connecting("192.0.2.1", error), connecting("198.18.0.12", error)

    assert f"algo-1 could not reach 192.0.2.1 port 443 ({how}); {NETWORK}" == doubt(outcome(far))
    assert f"algo-1 could not reach 192.0.2.1 port 443 ({how}); {NETWORK}" == doubt(outcome(far, host()))
    assert "" == doubt(outcome(near, host()))


@pytest.mark.parametrize("error", ["", "ECONNREFUSED", "EACCES"])
def test_an_address_that_was_reached_is_not(error: str) -> None:
    """Somebody refused."""
    assert "" == doubt(outcome(connecting("192.0.2.1", error)))


def test_a_question_for_the_outside_is_the_networks() -> None:
    """In this run or in another one of the same job, which had a name server."""
    asked = Trial(AS_CHOSEN, alone=True, succeeded=False, asked=("example.org",))
    once = replace(outcome(failed()), trials=(asked, asked))
    several = outcome(failed(), host(), queries=[query(1, "pypi.org")])

    assert f"algo-1 looked up example.org; {NETWORK}" == doubt(once)
    assert f"algo-1 looked up pypi.org; {NETWORK}" == doubt(several)


@pytest.mark.parametrize("name", ["sts.amazonaws.com", "s3.cn-north-1.amazonaws.com.cn", "bucket.s3.us-east-1.api.aws"])
def test_a_question_for_a_name_of_aws_is_answered_by_another_option(name: str) -> None:
    """A job that has an AWS and asks for its name all the same does not read AWS_ENDPOINT_URL."""
    without = outcome(failed(), host(), queries=[query(1, name)])
    having = replace(without, calls=Calls())

    assert [f"algo-1 looked up {name}; {choice}" for choice in (AWS, NETWORK)] == [doubt(without), doubt(having)]


def test_a_call_that_failed_may_succeed_in_its_users_account() -> None:
    """What the suite's AWS holds and can do is the suite's choice; what was throttled on purpose is the check's own."""
    missing, throttled = (
        Call("algo-1", 0.0, "ssm", "GetParameter", "/x", Signer.ROLE, "", "us-east-1", status, 0, 0, throttled=turned)
        for status, turned in ((400, False), (503, True))
    )
    fine = replace(missing, status=200)

    def of(*calls: Call, refused: tuple[str, ...] = ()) -> str:
        return doubt(replace(outcome(failed("boom")), calls=Calls(calls, refused=refused)))

    assert f"algo-1 called ssm:GetParameter /x (400); {OTHER_AWS}" == of(fine, missing, throttled)
    assert f"algo-1 called AWS, but glue:GetTable is not available here; {OTHER_AWS}" == of(
        fine, refused=("glue:GetTable is not available here",)
    )
    assert ["", ""] == [of(fine, throttled), of(replace(missing, host="algo-2"))]


@pytest.mark.parametrize("said", ["botocore.exceptions.NoRegionError: You must specify a region.", "missing region"])
def test_a_client_without_a_region_is_the_suites_affair(said: str) -> None:
    """Where there is an AWS to call; without one, that is what is missing."""
    run = outcome(failed(said))

    assert [AWS, NO_REGION] == [doubt(each).partition("; ")[2] for each in (run, replace(run, calls=Calls()))]


def test_what_the_program_fetches_by_itself_needs_an_aws() -> None:
    """`AppManaged`, whatever it says."""
    asked = request(inputs={"rows": INPUT, "model": "/opt/ml/processing/model"})
    for each in asked.document["ProcessingInputs"]:
        each["AppManaged"] = True

    assert f"algo-1 has to download or upload rows, model itself (AppManaged); {AWS}" == doubt(
        outcome(failed(), of=asked)
    )


@pytest.mark.parametrize("said", ["OSError: Network is unreachable", "Unable to locate credentials"])
def test_a_job_that_asked_for_isolation_has_no_network_on_aws_either(said: str) -> None:
    """It is the request's own choice."""
    assert "" == doubt(outcome(failed(said), of=ISOLATED))


def test_several_hosts_may_speak_of_one_another() -> None:
    """A name that is not known may be a peer's, which they are judged by; AWS is none."""
    name, aws = "Temporary failure in name resolution", "Unable to locate credentials"

    assert ["", AWS] == [doubt(outcome(failed(said), host())).partition("; ")[2] for said in (name, aws)]


@pytest.mark.parametrize("other", [host(stderr="MemoryError\n"), not_started("MemoryError")])
def test_hosts_that_did_well_or_never_began_show_nothing(other: Host) -> None:
    """What they say is not why the job failed."""
    assert "" == doubt(outcome(other, failed("ValueError: 3")))
    assert doubt(outcome(other, failed("MemoryError"))).startswith("algo-2 logged")


def test_each_choice_has_a_name_and_advice_of_its_own() -> None:
    """Users read them."""
    assert len(CHOICES) == len({choice.name for choice in CHOICES}) == len({choice.advice for choice in CHOICES})


@given(st.text(), st.booleans())
def test_a_job_that_succeeded_is_never_in_doubt(said: str, killed: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever it says, and whichever child was killed."""
    well: Outcome = outcome(host(stderr=f"MemoryError {said}", out_of_memory=killed))

    assert "" == doubt(well)


def test_an_emulator_may_make_any_program_fail() -> None:
    """Also one that did not start, as of a format that it does not know; of one that did well nothing is doubted."""
    here = outcome(failed(), host())

    assert "algo-1 failed in an emulator of x86_64 on aarch64: use an engine on x86_64" == emulated(
        replace(here, emulated_on="aarch64")
    )
    assert emulated(replace(outcome(not_started("no")), emulated_on="aarch64"))
    assert ["", ""] == [emulated(here), emulated(replace(outcome(host()), emulated_on="aarch64"))]
