"""The pages of the documentation: those of `docs/` and README.md, and those that are made from the code."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
