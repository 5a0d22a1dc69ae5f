"""Trees of files, and tar archives as streams."""
