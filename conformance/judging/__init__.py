"""From the runs of a session, made just now or recorded, to its verdicts."""
