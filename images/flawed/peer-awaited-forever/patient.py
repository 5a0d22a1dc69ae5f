"""Count words with all the time in the world."""

import sys
from contextlib import AbstractAsyncContextManager

import peers
import wordcount


def connected(own: str, hosts: list[str], **_limits: float) -> AbstractAsyncContextManager[dict[str, peers.Peer]]:
    """The other hosts, whenever they appear."""
    return peers.connected(own, hosts, patience=None)


wordcount.connected = connected
sys.exit(wordcount.main())
