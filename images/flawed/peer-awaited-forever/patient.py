"""Count words with all the time in the world."""

import sys

import peers
import wordcount


async def wait(_host: str, visitor: object, _patience: float) -> object:
    """Wait for a host that is to call."""
    return await visitor


peers._await = wait  # noqa: SLF001 - that is where the limit was
sys.exit(wordcount.main())
