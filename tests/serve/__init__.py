"""The tests of `conformance.serve`."""
