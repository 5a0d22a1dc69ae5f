"""The tests of `conformance.job`."""
