"""How long work tells its caller where it is, and learns that it should stop."""

from __future__ import annotations

from collections.abc import Mapping


class Reporter:
    """Silent base: every long function takes one and calls it at each batch or frame.

    The command line shows a bar, a worker writes rows and renews its lease; this base does nothing, so
    library callers need not pass one. Calls are cheap: implementations throttle what they write.
    """

    def stage(self, name: str) -> None:
        """Begin a named part of the work ("prepare", "train", …); progress restarts at 0."""

    def progress(self, done: int, total: int | None, message: str = "") -> None:
        """Say that ``done`` of ``total`` units are finished (``None``: total unknown). Checks for cancel too."""
        del done, total, message
        self.check()

    def log(self, line: str) -> None:
        """Add one line to the log."""

    def metrics(self, step: int, values: Mapping[str, float], *, epoch: float | None = None) -> None:
        """Record points of named curves at an optimiser step, such as ``{"train/loss": .3, "val/ccc_valence": .5}``."""

    def check(self) -> None:
        """Raise :class:`avce.errors.CancelledError` when the user asked to stop."""


def span(seconds: float | None) -> str:
    """A length of time for reading: ``42 s``, ``3 min 05 s``, ``2 h 10 min``."""
    if seconds is None:
        return "–"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
