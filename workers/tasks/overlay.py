"""The body of an annotated video: read the trajectory, draw, keep the file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
from sqlalchemy.orm import Session

from avce.video.points import TRAJECTORY_COLUMNS
from avce.video.trajectory import read_points, write_tables
from workers.lifecycle import Claim
from workers.reporting import JobReporter
from workers.store import analyses
from workers.store.files import file_store
from workers.store.session import reading
from workers.store.tables import Job
from workers.store.tracks import edits_of
from workers.store.videos import video_file
from workers.tasks.border import Outcome


def annotate(held: Claim, reporter: JobReporter) -> Outcome:
    """Draw one run's values into the video; the file is named in the job's options with its end."""
    from avce.video.overlay import write_overlay

    with tempfile.TemporaryDirectory() as folder:
        trajectory = Path(folder) / "trajectory.csv"
        video, frames = _load(held, trajectory)
        points = read_points(trajectory)
        out = write_overlay(video, points, Path(folder) / "annotated.mp4", frames=frames, reporter=reporter)
        sha256 = file_store().put_path(out).sha256

    def write(session: Session) -> None:
        job = session.get_one(Job, held.job_id)
        job.options = job.options | {"file": sha256}

    return Outcome(write)


def _load(held: Claim, trajectory: Path) -> tuple[Path, int]:
    """The video and how many frames have rows, which are written as csv: memory stays bounded."""
    analysis_id, frames = held["analysis_id"], 0
    with reading() as session, trajectory.open("wb") as file:
        tables = analyses.iterate_tables(
            session, analysis_id, held.options["run"], edits_of(session, analysis_id)
        )

        def counted() -> Iterator[pd.DataFrame]:
            nonlocal frames
            for table in tables:
                frames += int(table["frame"].nunique())  # no frame is parted between tables
                yield table[list(TRAJECTORY_COLUMNS)]

        write_tables(counted(), file, "csv")
        record = analyses.analysis_record(session, analysis_id)
        return video_file(session, record.video.id), frames
