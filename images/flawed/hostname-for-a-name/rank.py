"""Count words as the host that this machine is called."""

import socket
import sys

import wordcount


class Job(wordcount.Job):
    """The job as the host of this name sees it."""

    def __init__(self) -> None:
        """Take the hostname for the host's name."""
        super().__init__()
        self.host = socket.gethostname()


wordcount.Job = Job
sys.exit(wordcount.main())
