"""Fixtures for all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of sample faces beside the checkout; tests that need it skip where it is absent."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("AVCE_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"sample faces are absent: {folder} does not exist (set AVCE_SHARED_DATA)")
    return folder
