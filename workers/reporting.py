"""How a running job writes its row: progress, log and curves, throttled; the lease, from a thread of its own."""

from __future__ import annotations

import contextlib
import logging
import math
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from sqlalchemy.exc import SQLAlchemyError

from avce.errors import CancelledError
from avce.progress import Reporter
from workers.errors import LeaseLostError, PausedError, WorkerStoppingError
from workers.lifecycle import Claim, change, renew
from workers.settings import get_settings
from workers.store.jobs import add_log
from workers.store.runs import add_points
from workers.store.session import writing

log = logging.getLogger(__name__)

worker_stopping = threading.Event()
"""Set when this process was told to stop; running jobs then leave at their next check."""


class JobReporter(Reporter):
    """Reports one attempt at a job. Use as a context manager, around the work.

    Each call is cheap: what comes is kept and written at most every ``report_s`` seconds, by whichever thread
    comes first. The heartbeat thread renews the lease and looks for a cancel even while one batch takes
    minutes. Nothing is written any more once the claim no longer holds.
    """

    def __init__(self, held: Claim) -> None:
        settings = get_settings()
        self.claim = held
        self._heartbeat_s, self._report_s = settings.heartbeat_s, settings.report_s
        self._lock = threading.Lock()
        self._row: dict[str, Any] = {}
        self._lines: list[str] = []
        self._points: list[tuple[str, int, float | None, float]] = []
        self._written_at = -float("inf")
        self._begun: tuple[float, float] | None = None
        """Share of the stage when it first reported, and the moment."""
        self._cancelled, self._paused = threading.Event(), threading.Event()
        self._lost, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat {held.job_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()
        self.flush()

    def stage(self, name: str) -> None:
        """Begin a named part of the work; progress restarts at 0."""
        with self._lock:
            self._begun = None
            self._row |= {"stage": name, "progress": 0.0, "message": "", "eta_s": None}
            self._lines.append(name)
        self._flush_if_due()
        self.check()

    def progress(self, done: int, total: int | None, message: str = "") -> None:
        """Say how far the stage is; the time left is that at the mean pace of this attempt since its first word.

        What an earlier attempt did, before a pause or a lost worker, came for free and says nothing of the pace.
        """
        with self._lock:
            self._row["message"] = message
            if total:
                share = min(max(done / total, 0.0), 1.0)
                self._row |= {"progress": share, "eta_s": self._time_left_s(share)}
        self._flush_if_due()
        self.check()

    def _time_left_s(self, share: float) -> float | None:
        now = time.monotonic()
        if self._begun is None:
            self._begun = (share, now)
        first, at = self._begun
        return (now - at) * (1 - share) / (share - first) if share > first else None

    def log(self, line: str) -> None:
        """Add one line to the job's log."""
        with self._lock:
            self._lines.append(line)
        self._flush_if_due()

    def metrics(self, step: int, values: Mapping[str, float], *, epoch: float | None = None) -> None:
        """Record points of the run's curves; a job without a run has none."""
        if self.claim.nouns.get("run_id") is None:
            return
        with self._lock:
            # SQLite stores nan as NULL, which a point may not be: the curve gets a gap
            self._points += [
                (name, step, epoch, float(value)) for name, value in values.items() if math.isfinite(value)
            ]
        self._flush_if_due()

    def check(self) -> None:
        """Raise when the work should end.

        Raises:
            LeaseLostError: The claim no longer holds.
            WorkerStoppingError: The worker was told to stop.
            CancelledError: The user asked to cancel.
            PausedError: The user asked to pause.
        """
        if self._lost.is_set():
            raise LeaseLostError(f"job {self.claim.job_id} is no longer this worker's")
        if self._cancelled.is_set():
            raise CancelledError("cancelled by the user")
        if self._paused.is_set():
            raise PausedError("paused by the user")
        if worker_stopping.is_set():
            raise WorkerStoppingError("its worker was told to stop")

    def _flush_if_due(self) -> None:
        if time.monotonic() - self._written_at >= self._report_s:
            self.flush()

    def flush(self) -> None:
        """Write what has come since the last time; a database that is away for a moment loses nothing."""
        with self._lock:
            if self._lost.is_set() or not (self._row or self._lines or self._points):
                return
            self._written_at = time.monotonic()
            try:
                self._write()
            except SQLAlchemyError:
                log.exception(
                    "job %s: progress could not be written; it is kept for next time", self.claim.job_id
                )

    def _write(self) -> None:
        with writing() as session:
            # also without a change of the row: the update is what shows that the claim holds
            if not change(session, self.claim.is_valid, **(self._row or {"worker": self.claim.worker})):
                self._lost.set()
                return
            add_log(session, self.claim.job_id, self._lines)
            if self._points:
                add_points(session, str(self.claim.nouns["run_id"]), self._points)
        self._row, self._lines, self._points = {}, [], []

    def _beat(self) -> None:
        while not self._stop.wait(self._heartbeat_s):
            with contextlib.suppress(SQLAlchemyError):  # a missed beat; the lease outlives several
                found = renew(self.claim)
                if not found.holds:
                    self._lost.set()
                    return
                for asked, event in ((found.cancel, self._cancelled), (found.pause, self._paused)):
                    if asked:
                        event.set()
            self._flush_if_due()
