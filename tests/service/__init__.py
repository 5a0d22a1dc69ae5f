"""The tests of `conformance.service`."""
