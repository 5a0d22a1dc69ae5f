"""The manifest of an input."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.job.manifest import Manifest, ManifestError
from conformance.job.objects import S3Uri

component = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1, max_size=10)
names = st.lists(component.filter(lambda text: text not in {".", ".."}), min_size=1, max_size=4).map("/".join)
manifests = st.builds(
    Manifest,
    st.builds(S3Uri, st.just("bucket"), st.text("abc/-.é", max_size=10)),
    st.lists(names, max_size=5).map(tuple),
)


@given(manifests)
def test_any_manifest_is_read_as_it_was_written(manifest: Manifest) -> None:
    """Prefix and names, in their order."""
    assert manifest == Manifest.parse(manifest.text())


def test_keys_are_the_prefix_and_what_follows() -> None:
    """No slash is put between the two, as AWS puts none."""
    manifest = Manifest(S3Uri("bucket", "data/part-"), ("1", "/2"))

    assert {"data/part-1": "1", "data/part-/2": "2"} == manifest.keys()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[", "expected a JSON manifest"),
        (f'[{{"prefix": "s3://b/"}}, {"9" * 5000}]', "expected a JSON manifest"),
        ("[" * 100_000, "expected a JSON manifest"),
        ('[{"prefix": "s3://b/\\ud800"}, "a"]', "prefix: expected Unicode text"),
        ("[]", "expected a JSON array that starts with"),
        ('{"prefix": "s3://b/"}', "expected a JSON array that starts with"),
        ('["a"]', "expected the first element to be"),
        ('[{"prefix": "s3://b/", "more": 1}]', "expected the first element to be"),
        ('[{"prefix": 1}]', "expected the first element to be"),
        ('[{"prefix": "https://b/"}, "a"]', "prefix: expected s3://bucket/prefix"),
        ('[{"prefix": "s3://b/"}, "a", 1]', "element 2: expected a non-empty key suffix, got 1"),
        ('[{"prefix": "s3://b/"}, ""]', "element 1: expected a non-empty key suffix"),
        ('[{"prefix": "s3://b/"}, "../a"]', "element 1: '../a' is not a path below LocalPath"),
        ('[{"prefix": "s3://b/"}, "a//b"]', "element 1: 'a//b' is not a path below LocalPath"),
        ('[{"prefix": "s3://b/"}, "\\ud800"]', "element 1: expected Unicode text"),
    ],
)
def test_what_is_no_manifest_is_told(text: str, fault: str) -> None:
    """By the element, and what was expected of it."""
    with pytest.raises(ManifestError) as refused:
        Manifest.parse(text.encode())

    assert fault in str(refused.value)


def test_what_is_no_text_is_no_manifest() -> None:
    """JSON is UTF-8."""
    with pytest.raises(ManifestError, match="expected a JSON manifest"):
        Manifest.parse(b"\xff")
