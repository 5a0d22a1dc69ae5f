"""Count words into files that are called alike everywhere."""

import sys

import wordcount


class Job(wordcount.Job):
    """The job as any host sees it."""

    def write(self, name: str, text: str) -> None:
        """Write a file of the output under a name without the host's."""
        super().write(name.replace(f"-{self.host}", ""), text)


wordcount.Job = Job
sys.exit(wordcount.main())
