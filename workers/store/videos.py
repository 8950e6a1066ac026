"""Queries on videos."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from workers.errors import ClientError, NotFoundError
from workers.records import VideoRecord
from workers.store.files import file_store
from workers.store.tables import Video


def require_video(session: Session, video_id: str) -> Video:
    """The row of a video.

    Raises:
        NotFoundError: No video has this id.
    """
    video = session.get(Video, video_id)
    if video is None:
        raise NotFoundError(f"video {video_id!r} does not exist; see the list of videos")
    return video


def video_records(session: Session) -> list[VideoRecord]:
    """Records of the videos that are here, newest first."""
    query = select(Video).where(Video.sha256 != "").order_by(Video.created_at.desc(), Video.id)
    return [VideoRecord.model_validate(video) for video in session.scalars(query)]


def video_file(session: Session, video_id: str) -> Path:
    """A real file with the video; read it, never write to it.

    Raises:
        ClientError: The video is yet to be drawn.
    """
    video = require_video(session, video_id)
    if not video.sha256:
        raise ClientError(f"video {video.name!r} is not there yet: the job that draws it has not finished")
    return file_store().local_path(video.sha256)


def describe(video: Video, path: Path, sha256: str) -> None:
    """Fill in what the file says of itself.

    Raises:
        VideoError: It does not decode.
    """
    from avce.video.read import probe  # noqa: PLC0415 (PyAV loads with it)

    info = probe(path)
    video.sha256 = sha256
    video.width, video.height = info.width, info.height
    video.fps, video.frames, video.duration_s = (
        float(info.fps),
        int(info.frames or 0),
        float(info.duration_s or 0.0),
    )
