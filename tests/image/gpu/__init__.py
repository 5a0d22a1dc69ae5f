"""The tests of `conformance.image.gpu`."""
