"""All that was observed of one run of a job."""
