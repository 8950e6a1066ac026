"""Annotated videos: queue one, and read its file."""

from __future__ import annotations

from pathlib import Path

from workers.client._door import door
from workers.client.datasets import sent
from workers.errors import NotFoundError
from workers.records import JobRecord
from workers.states import JobKind
from workers.store import analyses, jobs
from workers.store.files import file_store
from workers.store.session import reading, writing


@door
def draw_overlay(analysis_id: str, run_id: str | None = None, *, priority: int = 0) -> JobRecord:
    """Queue an mp4 with boxes, values, circumplex and curves drawn into the video, with its times and sound.

    Args:
        analysis_id: The analysis; the job waits for it.
        run_id: Whose values; ``None``: those of the first run.
        priority: 0 to 9.
    """
    with writing() as session:
        analysis = analyses.analysis_record(session, analysis_id)
        job = jobs.add_job(
            session,
            JobKind.OVERLAY,
            f"Annotated video of {analysis.video.name}",
            options={"run": analyses.run_in(session, analysis_id, run_id)},
            priority=priority,
            after=None if analysis.state.is_final else analysis.job_id,
            analysis_id=analysis_id,
            video_id=analysis.video.id,
        )
        job_id = job.id
    return sent(job_id)


@door
def list_overlays(analysis_id: str) -> list[JobRecord]:
    """Jobs that draw annotated videos of an analysis, newest first; ``options["run"]`` says whose values."""
    with reading() as session:
        return jobs.jobs_of_analysis(session, analysis_id, JobKind.OVERLAY)


@door
def overlay_path(job_id: str) -> Path:
    """A real file with the mp4 that a job has drawn; it has no ending."""
    with reading() as session:
        job = jobs.job_record(session, job_id)
    sha256 = job.options.get("file") if job.kind is JobKind.OVERLAY else None
    if sha256 is None:
        raise NotFoundError(f"job {job_id!r} has no annotated video; wait for its end, or draw one")
    return file_store().local_path(str(sha256))
