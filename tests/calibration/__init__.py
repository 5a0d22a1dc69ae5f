"""The tests of `conformance.calibration`."""
