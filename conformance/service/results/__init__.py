"""What is taken from a container: its logs, its message, and the outputs that are uploaded."""
