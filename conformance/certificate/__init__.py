"""Verdicts that travel: the bundle of a session that certifies an image, and what makes one worth believing."""
