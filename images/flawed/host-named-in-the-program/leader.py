"""Count words under the lead of algo-1."""

import sys

import wordcount


class Job(wordcount.Job):
    """The job as one of the hosts algo-1, algo-2 and so on sees it."""

    def __init__(self) -> None:
        """The first host has always been algo-1."""
        super().__init__()
        self.leader = "algo-1"


wordcount.Job = Job
sys.exit(wordcount.main())
