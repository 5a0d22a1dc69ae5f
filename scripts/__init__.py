"""Command lines that make a machine ready for the project."""
