"""What an image has of NVIDIA's driver, and what it asks of its host."""
