"""The tests of the checks: one module for each chapter of the contract."""
