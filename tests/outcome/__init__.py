"""The tests of `conformance.outcome`."""
