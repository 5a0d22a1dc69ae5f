"""What an image declares about itself, and what it contains."""
