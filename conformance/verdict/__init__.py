"""From a check and its outcomes to one of six words, and from all of them to an exit status."""
