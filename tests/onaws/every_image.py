"""Every image of the project with its job on the served API, by boto3 alone: `make onaws`, which takes half an hour."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.conftest import Ran, flawed_folders, sound_folders
from tests.support.on_aws import EXAMPLES, differences, judge, left
from tests.support.served import Clients

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("name", [*EXAMPLES, *sound_folders(), *flawed_folders()])
def test_image_gets_the_verdicts_that_it_gets_on_an_engine(
    name: str, tag: Callable[[str], str], conformance: Callable[..., Ran], aws: Clients
) -> None:
    """Whatever is judged there is judged as on an engine, by which the image's label is tested; no object is left."""
    ran = judge(name, tag(name), aws, conformance)

    assert [] == differences(name, ran), ran.output
    assert [] == left(aws)
