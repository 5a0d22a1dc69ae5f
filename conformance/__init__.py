"""Conformance suite for Amazon SageMaker Processing containers.

`pytest --image=<uri>` runs an image the way the Processing service would and says, clause by clause,
whether it keeps the container contract. ARCHITECTURE.md shows how the parts hang together.
"""

__version__ = "0.1.0"

CONTRACT_VERSION = "2026.11"
"""The edition of the contract that the checks judge by: year and month in which its sources were read."""
