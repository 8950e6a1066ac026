"""Where a checkpoint comes from: versions of what made it, and the revision of this code."""

from __future__ import annotations

import shutil
import subprocess
from importlib import metadata
from pathlib import Path

PACKAGES = ("avce-studio", "torch", "numpy", "opencv-python-headless")


def versions() -> dict[str, str]:
    """Installed versions of the packages that decide a run's numbers."""
    return {name: metadata.version(name) for name in PACKAGES}


def git_revision() -> str | None:
    """Commit of the checkout this code runs from; ``None`` when it runs from an installed package or without git."""
    root = Path(__file__).resolve().parents[2]
    git = shutil.which("git")
    if git is None or not (root / ".git").exists():
        return None
    asked = subprocess.run(  # noqa: S603 - fixed arguments
        [git, "-C", str(root), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() or None
