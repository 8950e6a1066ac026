"""docs/cli.md says what the commands say."""

from __future__ import annotations

from pathlib import Path

from avce.cli.reference import reference

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"


def test_the_page_of_the_command_is_what_the_command_prints():
    assert PAGE.read_text("utf-8") == reference(), "run: python -m avce.cli.reference > docs/cli.md"
