"""Several workers at one analysis: each takes segments until none is left; the analysis' own job joins them.

Faces of a segment get ids of its own, far above all others, until the segments before it are known. A worker that
dies leaves its segment to the others; the rest stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from avce.errors import CancelledError
from avce.video.analyze import analyze_alone
from avce.video.points import Point, Summary
from avce.video.segments import Ids, SeamError, Segment, find_ids
from workers.lifecycle import Claim
from workers.reporting import JobReporter
from workers.store import analyses, segments
from workers.store.jobs import require_job
from workers.store.session import reading, writing
from workers.tasks.buffer import RowBuffer
from workers.tasks.segments import SegmentWork, require_claim

PROVISIONAL = 1_000_000
"""Ids of segment n lie above n + 1 times this until they are joined."""
POLL_S = 0.5


class Sharing:
    """One worker's part.

    Args:
        work: The analysis.
        main_id: Its own job, which joins what all have done.
    """

    def __init__(self, work: SegmentWork, main_id: str) -> None:
        self.work, self.main_id = work, main_id
        self.held: Claim = work.held
        self.analysis_id = work.held["analysis_id"]

    def take_all(self, reporter: JobReporter) -> int:
        """Do segments until none is left to take; returns how many."""
        for done in range(10**9):
            with writing() as session:
                require_claim(session, self.held)
                self._require_main(session)
                segment = segments.take(session, self.analysis_id, self.held.job_id, self.held.fence)
                if segment is None:
                    return done
                segments.drop_points(session, self.analysis_id, segment)
            self._do(segment, reporter)
        raise AssertionError

    def wait(self, count: int, reporter: JobReporter) -> None:
        """Do what is left, and wait for what others do."""
        while True:
            self.take_all(reporter)
            with reading() as session:
                left = segments.unfinished(session, self.analysis_id)
            reporter.progress(count - left, count, f"{count - left} of {count} segments")
            if not left:
                return
            time.sleep(POLL_S)

    def join(self, plan: Sequence[Segment], summary: Summary, reporter: JobReporter) -> None:
        """Give the faces of segments their final ids, in order; ``summary`` is that of those before."""
        for segment in plan:
            with reading() as session:
                own, warm = segments.read_alone(session, self.analysis_id, segment.number)
            try:
                ids = self._ids(segment, warm, summary)
            except SeamError as error:
                again = segment.warmer(self.work.options.start_s)
                reporter.log(f"segment {segment.number + 1} again from {again.warm_s:.1f} s: {error}")
                with writing() as session:
                    require_claim(session, self.held)
                    segments.drop_points(session, self.analysis_id, segment)
                self.work.follower = None
                self.work.run(again, summary, reporter)
                continue
            self._name(segment, own, ids, summary)

    def _do(self, segment: Segment, reporter: JobReporter) -> None:
        base = PROVISIONAL * (segment.number + 1)
        work = self.work

        buffer = RowBuffer(lambda rows: self._write(lambda session: analyses.add_points(session, rows)))

        def sink(points: list[Point]) -> None:
            moved = [replace(p, track=None if p.track is None else p.track + base) for p in points]
            buffer.add(work.rows(moved))

        summary, warm = analyze_alone(
            work.path, work.predictors, work.options, segment, reporter, sink=sink, detector=work.detector
        )
        buffer.flush()
        self._write(
            lambda session: segments.finish_alone(session, self.analysis_id, segment.number, summary, warm)
        )

    def _write(self, write: Callable[[Session], None]) -> None:
        with writing() as session:
            require_claim(session, self.held)
            self._require_main(session)
            write(session)

    def _require_main(self, session: Session) -> None:
        if require_job(session, self.main_id).state.is_final:
            raise CancelledError("the analysis has ended")

    def _ids(self, segment: Segment, warm: Sequence[Point], summary: Summary) -> Ids:
        if segment.number == 0:
            return Ids()
        options = self.work.options
        settle_s = options.lost_after_s if segment.warm_s > options.start_s else -1.0
        return find_ids(
            self.work.before(segment), warm, born=max(summary.tracks, default=0), settle_s=settle_s
        )

    def _name(self, segment: Segment, own: Summary, ids: Ids, summary: Summary) -> None:
        base = PROVISIONAL * (segment.number + 1)
        with writing() as session:
            require_claim(session, self.held)
            found = segments.tracks_in(session, self.analysis_id, segment)
            names = {track - base: ids.of(track - base) or 0 for track in found}
            moved = {base + track: final for track, final in names.items()}
            segments.rename_tracks(session, self.analysis_id, self.work.run_ids, segment, moved)
            summary.extend(own, names)
            segments.finish_segment(session, self.analysis_id, segment.number, summary)
