"""The names of shells: what the image's command lines are read by, and what is found among a container's processes."""

from __future__ import annotations

SHELLS = frozenset({"ash", "bash", "csh", "dash", "fish", "ksh", "mksh", "rbash", "sh", "tcsh", "yash", "zsh"})
