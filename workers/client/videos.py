"""Bring videos in, analyse them, and read trajectories, frames and maps."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd
from numpy.typing import NDArray

from avce.options import AnalyzeOptions
from avce.video.bands import ensemble as together
from avce.video.points import TRAJECTORY_COLUMNS
from avce.video.trajectory import Format, write_tables
from workers.client._door import door
from workers.client.datasets import allowed_path, sent
from workers.client.runs import pending_training
from workers.errors import ClientError
from workers.records import AnalysisRecord, JobRecord, StoredFile, VideoRecord
from workers.states import JobKind
from workers.store import analyses, jobs, runs, shipped, videos
from workers.store.files import file_store
from workers.store.session import reading, writing
from workers.store.tables import Analysis, AnalysisRun, Video
from workers.store.tracks import edits_of

LONGEST_CLIP_S = 60.0
"""A page waits for a clip; one minute takes some seconds to write."""


@door
def add_video(file: StoredFile) -> VideoRecord:
    """Take an uploaded file as a video; refused when it does not decode."""
    with writing() as session:
        video = Video(name=file.name)
        try:
            videos.describe(video, file_store().local_path(file.sha256), file.sha256)
        except ValueError as error:
            text = str(error).replace(str(file_store().local_path(file.sha256)), file.name)
            text = text.replace(file.sha256, file.name)
            raise ClientError(text if file.name in text else f"{file.name}: {text}") from error
        session.add(video)
        session.flush()
        return VideoRecord.model_validate(video)


@door
def add_server_video(path: Path | str) -> VideoRecord:
    """Take a video that lies below one of the allowed folders.

    The file store gets a copy, so the original may be changed or go; it is copied only if it decodes.
    """
    file = allowed_path(path)
    if not file.is_file():
        raise ClientError(f"{path}: expected a video, got a folder; choose a file in it")
    videos.describe(Video(name=file.name), file, "")
    return add_video(file_store().put_path(file))


@door
def analyze(
    video_id: str,
    run_ids: Sequence[str],
    options: AnalyzeOptions | None = None,
    *,
    priority: int = 0,
    after: str | None = None,
) -> JobRecord:
    """Queue the analysis of a video by one or more runs or shipped models; runs that still train are waited for."""
    if not run_ids:
        raise ClientError("choose at least one run to analyse the video with")
    options = options or AnalyzeOptions()
    with writing() as session:
        wanted = list(dict.fromkeys(shipped.use_run(session, run_id) for run_id in run_ids))
        video = videos.require_video(session, video_id)
        after = after or pending_training([runs.run_record(session, run_id) for run_id in wanted])
        values = options.model_dump(mode="json")
        analysis = Analysis(video_id=video_id, options=values)
        session.add(analysis)
        session.flush()
        session.add_all(
            AnalysisRun(analysis_id=analysis.id, position=position, run_id=run_id)
            for position, run_id in enumerate(wanted)
        )
        job = jobs.add_job(
            session,
            JobKind.ANALYZE,
            f"Analyse {video.name}",
            options=values,
            priority=priority,
            after=after,
            video_id=video_id,
            analysis_id=analysis.id,
        )
        job_id = job.id
    return sent(job_id)


@door
def list_videos() -> list[VideoRecord]:
    """Videos, newest first."""
    with reading() as session:
        return videos.video_records(session)


@door
def get_video(video_id: str) -> VideoRecord:
    """The video with this id."""
    with reading() as session:
        return VideoRecord.model_validate(videos.require_video(session, video_id))


@door
def list_analyses() -> list[AnalysisRecord]:
    """Analyses, newest first."""
    with reading() as session:
        return analyses.analysis_records(session)


@door
def get_analysis(analysis_id: str) -> AnalysisRecord:
    """The analysis with this id."""
    with reading() as session:
        return analyses.analysis_record(session, analysis_id)


@door
def trajectory(
    analysis_id: str,
    *,
    run_id: str | None = None,
    track: int | None = None,
    max_points: int | None = None,
    smooth_s: float | None = None,
    is_calibrated: bool = False,
) -> pd.DataFrame:
    """What is known so far, in frame order: the columns of ``trajectory.csv``, a band, and ``run_id``.

    The band (``valence_low, valence_high, arousal_low, arousal_high``) is empty for runs that had not been evaluated
    when the video was analysed; see :func:`avce.metrics.conformal.conformal_band`.

    Faces are as corrected (see :func:`workers.client.merge_tracks` and its neighbours).

    Args:
        analysis_id: The analysis; may still be running.
        run_id: One run; ``None``: all, one after the other.
        track: One face; ``None``: all, and the frames without a face.
        max_points: About as many rows per run at most, thinned to every n-th frame by the database.
        smooth_s: Window of a running mean in seconds, in columns of its own, ``valence_smoothed`` and
            ``arousal_smoothed``; ``None``: no such columns.
        is_calibrated: Add ``valence_calibrated`` and ``arousal_calibrated``, the values less those of the person's
            neutral face; empty for faces without one (see :func:`workers.client.set_neutral`).
    """
    with reading() as session:
        record = analyses.analysis_record(session, analysis_id)
        chosen = record.run_ids if run_id is None else [analyses.run_in(session, analysis_id, run_id)]
        return analyses.trajectory_table(
            session,
            analysis_id,
            chosen,
            track=track,
            max_points=max_points,
            edits=edits_of(session, analysis_id),
            smooth_s=smooth_s,
            is_calibrated=is_calibrated,
        )


@door
def events(analysis_id: str, run_id: str | None = None, *, track: int | None = None) -> pd.DataFrame:
    """Peaks, rises, falls and stays in a quadrant by one run (``None``: the first), faces as corrected.

    Returns:
        The columns of ``events.csv``, in order of time; see :data:`avce.video.event_table.EVENT_COLUMNS`.
    """
    from avce.video.event_table import event_table  # noqa: PLC0415 (SciPy loads with it)

    with reading() as session:
        chosen = analyses.run_in(session, analysis_id, run_id)
    return event_table(trajectory(analysis_id, run_id=chosen, track=track))


@door
def ensemble(analysis_id: str, *, track: int | None = None, max_points: int | None = None) -> pd.DataFrame:
    """What all runs of an analysis say together: their mean, and how far they are apart in each frame.

    Args:
        analysis_id: An analysis by two or more runs.
        track: As for :func:`trajectory`.
        max_points: As for :func:`trajectory`.

    Returns:
        The columns of ``trajectory.csv``, where ``valence`` and ``arousal`` are means, and for both ``_sd``, ``_low``
        and ``_high``: standard deviation, least and greatest.
    """
    table = trajectory(analysis_id, track=track, max_points=max_points)
    parts = [rows.drop(columns="run_id") for _, rows in table.groupby("run_id", sort=False)]
    return together(parts)


@door
def trajectory_csv(analysis_id: str, run_id: str | None = None) -> Iterator[str]:
    """Lines of ``trajectory.csv`` of one run (``None``: the first), faces as corrected, in bounded memory."""
    with reading() as session:
        chosen = analyses.run_in(session, analysis_id, run_id)
    return _csv_lines(analysis_id, chosen)


@door
def write_trajectory(
    file: BinaryIO,
    kind: Format,
    analysis_id: str,
    run_id: str | None = None,
    *,
    smooth_s: float = 0.0,
    is_calibrated: bool = False,
) -> None:
    """Write one run's trajectory with all its columns: those of ``trajectory.csv``, the band, and what is asked for.

    Args:
        file: Open for writing bytes.
        kind: csv, parquet or json.
        analysis_id: The analysis.
        run_id: The run; ``None``: the first.
        smooth_s: As for :func:`trajectory`; 0: no such columns, and memory stays bounded.
        is_calibrated: As for :func:`trajectory`.
    """
    with reading() as session:
        chosen = analyses.run_in(session, analysis_id, run_id)
        edits = edits_of(session, analysis_id)
        if not smooth_s and not is_calibrated:
            write_tables(analyses.iterate_tables(session, analysis_id, chosen, edits), file, kind)
            return
        table = analyses.trajectory_table(
            session, analysis_id, [chosen], track=None, max_points=None, edits=edits,
            smooth_s=smooth_s or None, is_calibrated=is_calibrated,
        )  # fmt: skip
        write_tables([table.drop(columns="run_id")], file, kind)


def _csv_lines(analysis_id: str, run_id: str) -> Iterator[str]:
    with reading() as session:
        edits = edits_of(session, analysis_id)
        for number, table in enumerate(analyses.iterate_tables(session, analysis_id, run_id, edits)):
            text = table[list(TRAJECTORY_COLUMNS)].to_csv(index=False, header=not number, lineterminator="\n")
            yield from text.splitlines(keepends=True)


@door
def video_path(video_id: str) -> Path:
    """A real file with the video's bytes; its name has no ending."""
    with reading() as session:
        return videos.video_file(session, video_id)


@door
def frame_jpeg(video_id: str, frame_index: int, *, width: int | None = None) -> bytes:
    """One decoded frame, scaled down to ``width`` pixels if it is wider."""
    import cv2  # noqa: PLC0415 (only this function draws)

    from avce.video.read import frame_at  # noqa: PLC0415 (PyAV loads with it)

    picture: NDArray[Any] = frame_at(video_path(video_id), frame_index).rgb_u8
    height_px, width_px = picture.shape[:2]
    if width is not None and 0 < width < width_px:
        size = (width, max(1, round(height_px * width / width_px)))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return bytes(jpeg.tobytes())


@door
def clip_mp4(video_id: str, start_s: float, stop_s: float) -> bytes:
    """The frames from one time to another as an mp4 with its sound, at most :data:`LONGEST_CLIP_S` long."""
    from avce.video.clip import write_clip  # noqa: PLC0415 (PyAV loads with it)

    if not 0 <= start_s < stop_s or stop_s - start_s > LONGEST_CLIP_S:
        raise ClientError(
            f"clip: expected times in order and at most {LONGEST_CLIP_S:g} s apart, got {start_s:g} to {stop_s:g} s"
        )
    with tempfile.TemporaryDirectory() as folder:
        out = write_clip(video_path(video_id), Path(folder) / "clip.mp4", start_s=start_s, stop_s=stop_s)
        return out.read_bytes()
