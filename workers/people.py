"""Who starts a job: the name that a person gave. It is for the others in the lab, and guards nothing."""

from __future__ import annotations

from collections.abc import Callable

from workers.settings import get_settings

MAX_NAME = 60


def _nobody() -> str:
    return ""


_source: Callable[[], str] = _nobody


def name_source(source: Callable[[], str]) -> None:
    """Set where the name of the person is read from when a job is written."""
    global _source  # noqa: PLW0603 (one process has one kind of face)
    _source = source


def name_header() -> str:
    """The header in which a proxy names people; empty where none does."""
    return get_settings().name_header.strip()


def current_name() -> str:
    """Name of the person for whom a job is written now; empty in a worker."""
    return " ".join(_source().split())[:MAX_NAME]
