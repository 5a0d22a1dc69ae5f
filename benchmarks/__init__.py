"""Benchmarks: each prints a table of one run, in which the ratios count and not the seconds."""
