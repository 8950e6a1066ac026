"""The body of a poster figure: read trajectories and labels, draw, keep the files."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy.orm import Session

from avce.options import PosterOptions
from avce.video.labels import labels_on, read_labels
from avce.video.one_face import one_face
from workers.lifecycle import Claim
from workers.reporting import JobReporter
from workers.store import analyses, posters, runs
from workers.store.files import file_store
from workers.store.plain import plain
from workers.store.runs import checkpoint_folder, checkpoint_of
from workers.store.session import reading
from workers.store.tracks import edits_of
from workers.store.videos import require_video, video_file
from workers.tasks.border import Outcome

if TYPE_CHECKING:
    from avce.poster.make import PosterSource


def draw_poster_figure(held: Claim, reporter: JobReporter) -> Outcome:
    """Draw one figure; its files are named in its row with the end of the job."""
    from avce.poster.files import write_poster
    from avce.poster.make import make_poster

    options = PosterOptions.parse(held.options["poster"])
    path, name, sources, labels = _load(held)
    poster = make_poster(path, sources, options, name=name, labels=labels, reporter=reporter)
    with tempfile.TemporaryDirectory() as folder:
        written = write_poster(poster, Path(folder))
        files = {kind: file_store().put_path(file).sha256 for kind, file in written.items()}
    facts = plain(poster.facts())

    def write(session: Session) -> None:
        row = posters.poster_of(session, held.job_id)
        row.files, row.facts = files, facts

    return Outcome(write)


def _load(held: Claim) -> tuple[Path, str, list[PosterSource], pd.DataFrame | None]:
    from avce.poster.make import PosterSource
    from avce.training.checkpoint import load_predictor

    with reading() as session:
        record = analyses.analysis_record(session, held["analysis_id"])
        sources, frames = [], pd.DataFrame()
        for run_id in held.options["runs"]:
            frames = _table(session, record.id, run_id, held.options["track"])
            run = runs.run_record(session, run_id)
            folder = checkpoint_folder(checkpoint_of(session, run_id))
            sources.append(PosterSource(run.name, run.method, frames, partial(load_predictor, folder)))
        video = require_video(session, record.video.id)
        labels = None
        if video.labels is not None:
            text = file_store().read(video.labels).decode("utf-8-sig")
            labels = labels_on(read_labels(text, f"labels of {video.name}"), frames)
        return video_file(session, record.video.id), record.video.name, sources, labels


def _table(session: Session, analysis_id: str, run_id: str, track: int | None) -> Any:
    edits = edits_of(session, analysis_id)
    points = analyses.trajectory_table(
        session, analysis_id, [run_id], track=None, max_points=None, edits=edits
    )
    return one_face(points, track)
