"""Everything that was observed in one run of a job."""
