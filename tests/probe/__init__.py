"""The tests of `conformance.probe`."""
