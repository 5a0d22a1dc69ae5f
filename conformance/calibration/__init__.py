"""What a platform really does, written down by an image of the suite's own and compared with what the suite chose."""
