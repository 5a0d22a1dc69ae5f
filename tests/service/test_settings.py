"""What AWS leaves open is told in every report."""

from dataclasses import fields

from conformance.service.settings import Settings


def test_every_choice_is_described() -> None:
    """With its name, its value in this run and where it comes from."""
    settings = Settings(time_limit_seconds=7.0)
    described = settings.described()

    assert [choice.name for choice in fields(settings)] == [choice["name"] for choice in described]
    assert {"name": "time_limit_seconds", "value": 7.0} == {key: described[0][key] for key in ("name", "value")}
    assert all(choice["basis"].strip() for choice in described)
