"""Write the summary into a directory below each output."""

import sys

import processing


class Job(processing.Job):
    """The job as its author arranges it."""

    def __init__(self) -> None:
        """Read the job, and go one directory deeper."""
        super().__init__()
        self.outputs = {name: folder / "tables" for name, folder in self.outputs.items()}


processing.Job = Job
sys.exit(processing.main())
