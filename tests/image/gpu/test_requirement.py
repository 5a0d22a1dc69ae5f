"""What an image requires of the driver is read as NVIDIA's toolkit reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.image.gpu.requirement import BRANCHES, OPERATORS, Condition, Driver, Requirement, parse, requirements

OLD = Driver("470", "470.256.02", "11.4")
NEW = Driver("550", "550.163.01", "12.4")


def holding(text: str) -> list[str]:
    """The branches on which a requirement holds."""
    return [driver.branch for driver in BRANCHES if parse(text).holds(driver)]


def test_conditions_are_read() -> None:
    """Alternatives by spaces, conditions by commas."""
    assert Requirement(
        (
            (Condition("cuda", ">=", "12.4"),),
            (Condition("brand", "=", "tesla"), Condition("driver", ">=", "470"), Condition("driver", "<", "471")),
        )
    ) == parse("cuda>=12.4 brand=tesla,driver>=470,driver<471")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cuda>=12.4", ["550", "570", "580"]),
        (
            "cuda>=12.4 brand=tesla,driver>=470,driver<471 brand=tesla,driver>=535,driver<536",
            [
                "470",
                "535",
                "550",
                "570",
                "580",
            ],
        ),
        ("cuda>=13.0 brand=tesla,driver>=570,driver<571", ["570", "580"]),
        ("cuda>=13.1", []),
        ("driver>=535,cuda<13", ["535", "550", "570"]),
        ("driver<500", ["470"]),
        ("cuda=12.2", ["535"]),
        ("cuda!=12.2", ["470", "550", "570", "580"]),
        ("CUDA>=12.8", ["570", "580"]),
        ("arch>=9.0", ["470", "535", "550", "570", "580"]),
        ("", ["470", "535", "550", "570", "580"]),
        ("  ,  ", ["470", "535", "550", "570", "580"]),
    ],
)
def test_a_requirement_holds_on_some_branches(text: str, expected: list[str]) -> None:
    """Those of the GPU are taken to hold: which one it will be, nobody knows."""
    assert expected == holding(text)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("driver>=550", True),
        ("driver>550.163.01", False),
        ("driver>=550.163.1", True),
        ("driver<=550.163.01.0", True),
        ("driver<551", True),
        ("cuda>=12.40", False),
        ("cuda=12.4.0", True),
        ("cuda>12.3.9", True),
    ],
)
def test_versions_are_compared_number_by_number(condition: str, expected: bool) -> None:  # noqa: FBT001 - of a test
    """And zeros at the end mean nothing."""
    assert expected == parse(condition).holds(NEW)


@pytest.mark.parametrize(
    "term",
    [
        "cuda",
        "cuda>=",
        ">=12",
        "cuda==12",
        "cuda=>12",
        "cuda>=12.x",
        "cuda>=.",
        "brand>tesla",
        "gpu=a100",
        "cuda>=12\n",
        "!",
    ],
)
def test_what_the_toolkit_does_not_know_is_kept_apart(term: str) -> None:
    """With its whole alternative; the others still count."""
    read = parse(f"driver>=470,{term} cuda>=11")

    assert (term,) == read.unread
    assert "cuda>=11" == str(read)


names = st.sampled_from(["cuda", "driver", "arch"])
versions = st.lists(st.integers(0, 999), min_size=1, max_size=3).map(lambda numbers: ".".join(map(str, numbers)))
conditions = st.one_of(
    st.builds(Condition, names, st.sampled_from(sorted(OPERATORS)), versions),
    st.builds(
        Condition, st.just("brand"), st.sampled_from(["=", "!="]), st.sampled_from(["tesla", "nvidia", "quadro"])
    ),
)
written = st.lists(st.lists(conditions, min_size=1, max_size=3).map(tuple), max_size=4).map(tuple).map(Requirement)


@given(written)
def test_a_requirement_is_read_as_it_was_written(requirement: Requirement) -> None:
    """Whatever conditions it has."""
    assert requirement == parse(str(requirement))


@given(written, written, st.sampled_from(BRANCHES))
def test_a_further_alternative_excludes_no_driver(one: Requirement, other: Requirement, driver: Driver) -> None:
    """It may only let more drivers in, unless there was nothing to fulfil."""
    both = parse(f"{one} {other}")

    assert both.holds(driver) or not (one.alternatives and one.holds(driver))


@given(versions, versions)
def test_of_two_versions_one_is_not_below_the_other(one: str, other: str) -> None:
    """Less, equal and greater exclude one another, and one of them holds."""
    driver = Driver("", one, one)

    assert 1 == sum(parse(f"driver{sign}{other}").holds(driver) for sign in ("<", "=", ">"))


@given(st.one_of(st.text(), st.text(alphabet="cudadriverbrandarch<>=!,. 0123456789", max_size=60)))
def test_any_text_is_read(text: str) -> None:
    """Without raising; what was read is read as the same again, and compares with a driver."""
    read = parse(text)

    assert isinstance(read.holds(OLD), bool)
    assert Requirement(read.alternatives) == parse(str(read))


def test_a_number_of_any_length_is_compared() -> None:
    """Python itself refuses to read one of more than 4,300 digits."""
    assert not parse(f"driver>={'9' * 10_000}").holds(NEW)


def test_every_variable_requires_something() -> None:
    """Those of JetPack are for other machines, and an empty one is none."""
    environment = {
        "NVIDIA_REQUIRE_CUDA": "cuda>=12.4",
        "NVIDIA_REQUIRE_DRIVER": "driver>=550",
        "NVIDIA_REQUIRE_ARCH": " ",
        "NVIDIA_REQUIRE_JETPACK": "csv-mounts=all",
        "NVIDIA_REQUIRE_JETPACK_HOST_MOUNTS": "base-only",
        "PATH": "/usr/bin",
    }

    assert {"NVIDIA_REQUIRE_CUDA": "cuda>=12.4", "NVIDIA_REQUIRE_DRIVER": "driver>=550"} == {
        name: str(requirement) for name, requirement in requirements(environment).items()
    }


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"CUDA_VERSION": "12.4.1"}, {"CUDA_VERSION": "cuda>=12.4"}),
        ({"CUDA_VERSION": "12.4.1", "NVIDIA_REQUIRE_CUDA": "cuda>=9.0"}, {"NVIDIA_REQUIRE_CUDA": "cuda>=9.0"}),
        ({"CUDA_VERSION": "12.4.1", "NVIDIA_REQUIRE_CUDA": ""}, {}),
        ({"CUDA_VERSION": "latest"}, {}),
        ({"CUDA_VERSION": "12.4.1", "NVIDIA_DISABLE_REQUIRE": "true"}, {}),
        ({"NVIDIA_REQUIRE_CUDA": "cuda>=12", "NVIDIA_DISABLE_REQUIRE": "0"}, {"NVIDIA_REQUIRE_CUDA": "cuda>=12"}),
        ({}, {}),
    ],
)
def test_an_old_image_requires_its_own_version(environment: dict[str, str], expected: dict[str, str]) -> None:
    """Unless it says what it requires, or that it requires nothing."""
    assert expected == {name: str(requirement) for name, requirement in requirements(environment).items()}
