"""The tests of `conformance.rule`."""
