"""Which objects of an input each host gets.

Source: the API reference, `ProcessingS3Input` and `S3DataSource`: with `FullyReplicated` every host gets every object;
with `ShardedByS3Key` each of n hosts gets about one n-th of the objects, and where there are fewer objects than hosts,
some get none. Which object goes to which host AWS does not say: here the objects are dealt out one by one in the order
of their keys, as one possible assignment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from conformance.job.request import SHARDED

Item = TypeVar("Item")


def share(objects: Sequence[Item], distribution: str, hosts: Sequence[str], host: str) -> list[Item]:
    """The objects that one of the hosts gets, in their order; `objects` are in the order of their keys."""
    if distribution != SHARDED:
        return list(objects)
    return list(objects[hosts.index(host) :: len(hosts)])
