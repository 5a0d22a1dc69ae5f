"""The tests of the images, and of their builder."""
