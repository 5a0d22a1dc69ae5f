"""Conformance suite for Amazon SageMaker Processing containers.

`pytest --image=<uri>` runs an image the way the Processing service would and reports, clause by clause,
whether it conforms to the container contract. ARCHITECTURE.md shows how the parts fit together.
"""

__version__ = "0.1.0"

CONTRACT_VERSION = "2026.11"
"""The version of the contract that is checked: year and month in which its sources were read."""
