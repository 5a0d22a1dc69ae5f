"""Write the summary where a training job leaves its model."""

import sys
from pathlib import Path

import processing


class Job(processing.Job):
    """The job as one who knows training sees it."""

    def __init__(self) -> None:
        """Read the job, and take its outputs for a model."""
        super().__init__()
        self.outputs = {"summary": Path("/opt/ml/model")}


processing.Job = Job
sys.exit(processing.main())
