"""The tests of `conformance.judging`."""
