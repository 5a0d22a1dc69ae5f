"""The tests of `conformance.files`."""
