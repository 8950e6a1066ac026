"""What is said about a data set: one record per thing that may spoil a result."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["error", "warning", "info"]
ORDER: tuple[Severity, ...] = ("error", "warning", "info")

SHOWN_PLACES = 50
"""Places listed in a finding; the rest is only counted."""


class Finding(BaseModel):
    """One thing found in a data set.

    Attributes:
        severity: ``error``: results would be wrong or impossible; ``warning``: results may mislead;
            ``info``: worth knowing.
        title: What was found, with its number.
        why: One sentence: why it matters, and what was or can be done.
        where: Files, rows or frames, at most :data:`SHOWN_PLACES`.
        count: How many places there are in all.
    """

    model_config = ConfigDict(frozen=True)

    severity: Severity
    title: str
    why: str
    where: list[str] = []
    count: int = 0


def finding(severity: Severity, title: str, why: str, where: Iterable[str] = ()) -> Finding:
    """Build a finding; long lists of places are cut, the count is kept."""
    places = list(where)
    return Finding(severity=severity, title=title, why=why, where=places[:SHOWN_PLACES], count=len(places))


def by_severity(findings: Iterable[Finding]) -> list[Finding]:
    """Errors first, then warnings, then the rest, each in the order found."""
    return sorted(findings, key=lambda item: ORDER.index(item.severity))
