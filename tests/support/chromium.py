"""A headless Chromium, where Debian's package is installed: what a page has become after its scripts have run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

CHROMIUM = shutil.which("chromium")


def dom(page: Path, profile: Path) -> str:
    """The page as HTML once its scripts have run; `profile` is an empty directory for the browser's own files."""
    assert CHROMIUM is not None
    ended = subprocess.run(
        [
            CHROMIUM,
            "--headless=new",
            # Chromium refuses to run as root with its sandbox.
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={profile}",
            "--virtual-time-budget=3000",
            "--dump-dom",
            page.as_uri(),
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return ended.stdout
