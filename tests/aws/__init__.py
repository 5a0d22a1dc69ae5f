"""Tests of `conformance.aws`."""
