"""What an image says of itself, and what is in it."""
