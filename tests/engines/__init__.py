"""Engines of other kinds than the machine's own, brought up beside it, and what the suite makes of images there."""
