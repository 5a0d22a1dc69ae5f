"""Which parts of NVIDIA's driver an image contains, and what it requires of its host."""
