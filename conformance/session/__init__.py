"""The pytest session with `--image`: options, collection, and each job run once."""
