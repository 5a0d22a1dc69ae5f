"""The checks, one file for each chapter of the contract; CONTRIBUTING.md shows how to add one."""
