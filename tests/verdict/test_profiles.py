"""The exit status can be trusted: 0 means that all that was asked for was judged and conforms."""

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.checks import load_checks
from conformance.job.gpu import Choice
from conformance.job.variation import default_command_request
from conformance.rule.declaration import Check
from conformance.verdict.profiles import ExitStatus, Profile, Scope, exit_status, missing, scope_of
from conformance.verdict.verdict import Verdict, Word
from tests.support.outcomes import request
from tests.support.profiles import own

CHECKS = tuple(load_checks())
BY_ID = {check.id: check for check in CHECKS}

verdicts = st.builds(Verdict, st.sampled_from(CHECKS), st.sampled_from(Word), applies=st.booleans())
sessions = st.lists(verdicts, max_size=6)
OWN = {scope: own(scope) for scope in Scope}

profiles = st.sampled_from(list(OWN.values()))
default = partial(exit_status, strict=False, complete=True)


@given(profiles, sessions, st.booleans(), st.booleans())
def test_a_violation_is_always_1(profile: Profile, found: list[Verdict], strict: bool, complete: bool) -> None:  # noqa: FBT001 - drawn
    """Whatever else was found, or not found."""
    found.insert(len(found) // 2, Verdict(CHECKS[0], Word.VIOLATES))

    assert ExitStatus.VIOLATES == exit_status(profile, found, strict=strict, complete=complete)


@given(profiles, sessions, st.booleans())
def test_an_error_is_never_0(profile: Profile, found: list[Verdict], strict: bool) -> None:  # noqa: FBT001 - drawn
    """The suite has failed to do what it was asked for, also for a check that no profile requires."""
    found.append(Verdict(CHECKS[0], Word.ERROR))

    assert ExitStatus.CONFORMS != exit_status(profile, found, strict=strict, complete=True)


@given(profiles, sessions, st.booleans())
def test_a_required_check_that_was_not_judged_is_never_0(profile: Profile, found: list[Verdict], strict: bool) -> None:  # noqa: FBT001 - drawn
    """A skip is no pass."""
    for check in CHECKS:
        status = exit_status(profile, [*found, Verdict(check, Word.NOT_JUDGED)], strict=strict, complete=True)

        assert status != ExitStatus.CONFORMS or not profile.requires(check.id)


@given(profiles, sessions, st.booleans())
def test_what_is_absent_is_never_0(profile: Profile, found: list[Verdict], strict: bool) -> None:  # noqa: FBT001 - drawn
    """A session may have ended early, or `addopts` may leave checks out that the profile requires."""
    assert ExitStatus.CONFORMS != exit_status(profile, found, strict=strict, complete=False)


@given(profiles, st.sets(st.sampled_from(CHECKS)))
def test_without_any_judgement_it_is_never_0(profile: Profile, checks: set[Check]) -> None:
    """Checks that do not apply say nothing of the image."""
    found = [Verdict(check, Word.NOT_JUDGED, applies=False) for check in checks]

    assert ExitStatus.CONFORMS != default(profile, found)


def test_a_profile_of_which_nothing_applies_was_not_judged() -> None:
    """Though checks that nobody requires conform."""
    profile = replace(OWN[Scope.IMAGE], since={"gpu.runtime-residue": OWN[Scope.IMAGE].version})
    found = [
        Verdict(BY_ID["gpu.runtime-residue"], Word.NOT_JUDGED, applies=False),
        Verdict(BY_ID["image.platform"], Word.CONFORMS),
    ]

    assert ExitStatus.INCOMPLETE == default(profile, found)


@given(profiles, sessions)
def test_strict_never_forgives(profile: Profile, found: list[Verdict]) -> None:
    """What fails without it fails with it; advice fails only with it."""
    lenient, strict = (exit_status(profile, found, strict=value, complete=True) for value in (False, True))
    advised = any(verdict.word is Word.ADVISED for verdict in found)

    assert strict == (ExitStatus.VIOLATES if advised else lenient)


@pytest.mark.parametrize(
    ("word", "applies", "expected"),
    [
        (Word.CONFORMS, True, ExitStatus.CONFORMS),
        (Word.WAIVED, True, ExitStatus.CONFORMS),
        (Word.ADVISED, True, ExitStatus.CONFORMS),
        (Word.VIOLATES, True, ExitStatus.VIOLATES),
        (Word.NOT_JUDGED, True, ExitStatus.INCOMPLETE),
        (Word.NOT_JUDGED, False, ExitStatus.CONFORMS),
        (Word.ERROR, True, ExitStatus.INCOMPLETE),
    ],
)
def test_the_table(word: Word, applies: bool, expected: ExitStatus) -> None:  # noqa: FBT001 - a parameter of a test
    """One verdict on a check that is required."""
    verdict = Verdict(BY_ID["image.platform"], word, applies=applies)
    other = Verdict(BY_ID["image.has-command"], Word.CONFORMS)

    assert expected == default(OWN[Scope.IMAGE], [verdict, other])
    assert (expected is ExitStatus.INCOMPLETE) == bool(missing(OWN[Scope.IMAGE], [verdict]))


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        (Word.ADVISED, ExitStatus.CONFORMS),
        (Word.WAIVED, ExitStatus.CONFORMS),
        (Word.CONFORMS, ExitStatus.INCOMPLETE),
        (Word.NOT_JUDGED, ExitStatus.INCOMPLETE),
        (Word.ERROR, ExitStatus.INCOMPLETE),
    ],
)
def test_what_another_check_tells_of_is_not_missing(word: Word, expected: ExitStatus) -> None:
    """A check that points to another one leaves it to that one, if it tells of a flaw indeed."""
    pointing = Verdict(BY_ID["stop.ends-on-sigint"], Word.NOT_JUDGED, see="stop.sigint-reaches-the-program")
    other = Verdict(BY_ID["stop.sigint-reaches-the-program"], word)

    assert expected == default(OWN[Scope.PROCESSING], [pointing, other])
    assert ExitStatus.INCOMPLETE == default(OWN[Scope.PROCESSING], [pointing])


def test_advice_does_not_stand_in_for_a_must() -> None:
    """What a MUST would have shown is open as long as only a SHOULD tells of the flaw."""
    pointing = Verdict(BY_ID["exit.zero-on-success"], Word.NOT_JUDGED, see="outputs.writable-by-user")
    other = Verdict(BY_ID["outputs.writable-by-user"], Word.ADVISED)

    assert ExitStatus.INCOMPLETE == default(OWN[Scope.PROCESSING], [pointing, other])


def test_the_statuses_are_pytests_where_it_has_them() -> None:
    """2, 3 and 5 keep its meaning."""
    assert {"CONFORMS": 0, "VIOLATES": 1, "USAGE": 4, "INCOMPLETE": 6} == {
        name: int(status) for name, status in ExitStatus.__members__.items()
    }


def test_a_job_asks_for_more() -> None:
    """The profile follows from what was given."""
    one = default_command_request("image")
    profiles = [scope_of(requests) for requests in ([], [one], [one, one.on_hosts(2)])]

    assert [Scope.IMAGE, Scope.PROCESSING, Scope.DISTRIBUTED] == profiles


def test_a_script_of_the_suites_own_has_profiles_of_its_own() -> None:
    """By its number of hosts, as a job of the user's."""
    one = replace(default_command_request("image"), is_script=True)
    profiles = [scope_of([one.on_hosts(hosts)]) for hosts in (1, 2, 3)]

    assert [Scope.SCRIPT, Scope.DISTRIBUTED_SCRIPT, Scope.DISTRIBUTED_SCRIPT] == profiles


def test_without_a_job_what_needs_one_is_not_required() -> None:
    """The default command is run all the same."""
    assert {
        "image",
        "launch",
        "reserved",
        "inputs",
        "environment",
        "logs",
        "gpu",
    } == {check.chapter for check in CHECKS if OWN[Scope.IMAGE].requires(check.id)}
    of_hosts = {check.id for check in CHECKS if check.chapter == "hosts"}
    not_required = {
        scope: {check.id for check in CHECKS if not profile.requires(check.id)} for scope, profile in OWN.items()
    }
    assert of_hosts | {"gpu.visible"} == not_required[Scope.PROCESSING]
    assert {"gpu.visible"} == not_required[Scope.DISTRIBUTED]
    assert of_hosts == not_required[Scope.GPU]
    assert set() == not_required[Scope.DISTRIBUTED_GPU]


@pytest.mark.parametrize(
    ("hosts", "instance_type", "choice", "expected"),
    [
        (1, "ml.g5.xlarge", Choice.AUTO, Scope.GPU),
        (2, "ml.g5.xlarge", Choice.AUTO, Scope.DISTRIBUTED_GPU),
        (3, "ml.g5.xlarge", Choice.AUTO, Scope.DISTRIBUTED_GPU),
        (1, "ml.m5.xlarge", Choice.REQUIRE, Scope.GPU),
        (2, "ml.m5.xlarge", Choice.REQUIRE, Scope.DISTRIBUTED_GPU),
        (1, "ml.m5.xlarge", Choice.SIMULATED, Scope.PROCESSING),
        (2, "ml.m5.xlarge", Choice.AUTO, Scope.DISTRIBUTED),
    ],
)
def test_gpus_are_asked_for_by_instance_type_or_option(
    hosts: int, instance_type: str, choice: Choice, expected: Scope
) -> None:
    """A simulated one cannot stand in for what only a GPU shows."""
    cluster = {"InstanceCount": hosts, "InstanceType": instance_type, "VolumeSizeInGB": 30}

    assert expected == scope_of([request(hosts=1), request(ProcessingResources={"ClusterConfig": cluster})], choice)


def test_without_a_job_no_gpu_is_required() -> None:
    """There is nothing to run on it."""
    assert Scope.IMAGE == scope_of([], Choice.REQUIRE)


def test_a_profile_includes_what_requires_no_more() -> None:
    """Which is what `--image-profile` asks: the checks that the other one requires are among its own."""
    of_jobs = [scope for scope in Scope if "script" not in scope]
    required = {scope: {check.id for check in CHECKS if OWN[scope].requires(check.id)} for scope in of_jobs}

    assert {(one, other): required[other] <= required[one] for one in of_jobs for other in of_jobs} == {
        (one, other): one.includes(other) for one in of_jobs for other in of_jobs
    }


def test_a_script_of_the_suites_own_is_no_job_of_the_users() -> None:
    """Whoever demands the profile `processing` wants their own judged."""
    scripts = [scope for scope in Scope if "script" in scope]

    assert {Scope.IMAGE, *scripts} == {other for other in Scope if any(scope.includes(other) for scope in scripts)}
