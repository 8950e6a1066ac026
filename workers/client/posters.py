"""Poster figures: queue one, and read its files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from avce.options import PosterOptions
from avce.poster.contents import MOST_MODELS
from workers.client._door import door
from workers.client.datasets import sent
from workers.errors import ClientError, NotFoundError
from workers.records import JobRecord, PosterRecord
from workers.states import JobKind
from workers.store import analyses, jobs, posters
from workers.store.files import file_store
from workers.store.session import reading, writing
from workers.store.tables import PosterFigure


@door
def draw_poster(
    analysis_id: str,
    options: PosterOptions | None = None,
    *,
    run_ids: Sequence[str] | None = None,
    track: int | None = None,
    priority: int = 0,
) -> JobRecord:
    """Queue a poster figure of an analysis.

    Args:
        analysis_id: The analysis; the job waits for it.
        options: Key frames and maps.
        run_ids: One to four of its runs; ``None``: the first four.
        track: The face; ``None``: the largest in each frame.
        priority: 0 to 9.
    """
    with writing() as session:
        analysis = analyses.analysis_record(session, analysis_id)
        chosen = list(dict.fromkeys(run_ids if run_ids is not None else analysis.run_ids[:MOST_MODELS]))
        if not 1 <= len(chosen) <= MOST_MODELS:
            raise ClientError(f"choose 1 to {MOST_MODELS} runs for a poster figure, got {len(chosen)}")
        for run_id in chosen:
            analyses.run_in(session, analysis_id, run_id)
        values = {
            "poster": (options or PosterOptions()).model_dump(mode="json"),
            "runs": chosen,
            "track": track,
        }
        job = jobs.add_job(
            session,
            JobKind.POSTER,
            f"Poster figure of {analysis.video.name}",
            options=values,
            priority=priority,
            after=None if analysis.state.is_final else analysis.job_id,
            analysis_id=analysis_id,
            video_id=analysis.video.id,
        )
        session.add(PosterFigure(job_id=job.id, analysis_id=analysis_id, options=values))
        job_id = job.id
    return sent(job_id)


@door
def list_posters(analysis_id: str) -> list[PosterRecord]:
    """Poster figures of an analysis, newest first; those without ``files`` are not drawn yet."""
    with reading() as session:
        return posters.poster_records(session, PosterFigure.analysis_id == analysis_id)


@door
def get_poster(poster_id: str) -> PosterRecord:
    """The poster figure with this id."""
    with reading() as session:
        found = posters.poster_records(session, PosterFigure.id == poster_id)
    if not found:
        raise NotFoundError(f"poster figure {poster_id!r} does not exist; see those of the analysis")
    return found[0]


@door
def poster_path(poster_id: str, kind: str) -> Path:
    """A real file with the figure as ``svg``, ``pdf``, ``png``, or ``zip`` (all three with the data); it has no ending."""
    record = get_poster(poster_id)
    if kind not in record.files:
        known = ", ".join(record.files) or "none yet; wait for its job"
        raise NotFoundError(f"poster figure {poster_id}: no file {kind!r}; it has {known}")
    return file_store().local_path(record.files[kind])
