"""The tests of `conformance.image`."""
