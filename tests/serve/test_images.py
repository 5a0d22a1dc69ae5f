"""Which local images a URI may name."""

from __future__ import annotations

import pytest

from conformance.serve.images import candidates

REGISTRY = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        (f"{REGISTRY}/team/train:2", (f"{REGISTRY}/team/train:2", "team/train:2")),
        (f"{REGISTRY}.cn/train", (f"{REGISTRY}.cn/train", "train")),
        ("team/train:2", ("team/train:2",)),
        (f"mirror/{REGISTRY}/train", (f"mirror/{REGISTRY}/train",)),
        ("12345.dkr.ecr.eu-west-1.amazonaws.com/train", ("12345.dkr.ecr.eu-west-1.amazonaws.com/train",)),
        ("public.ecr.aws/team/train", ("public.ecr.aws/team/train",)),
    ],
)
def test_registry_of_an_account_is_left_out(uri: str, expected: tuple[str, ...]) -> None:
    """The whole URI comes first; other registries are part of the name."""
    assert expected == candidates(uri)
