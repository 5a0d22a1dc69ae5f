"""The tests of `conformance.session`."""
