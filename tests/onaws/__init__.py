"""The tests of `conformance.onaws`."""
