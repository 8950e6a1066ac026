"""Labels of a video: valence and arousal that people gave its frames."""

from __future__ import annotations

import pandas as pd

from avce.video.labels import read_labels
from workers.client._door import door
from workers.errors import ClientError
from workers.records import StoredFile, VideoRecord
from workers.store import videos
from workers.store.files import file_store
from workers.store.session import reading, writing

MAX_LABEL_BYTES = 64 << 20


@door
def set_labels(video_id: str, file: StoredFile) -> VideoRecord:
    """Take an uploaded csv as the labels of a video, in place of those it had; refused when it is none.

    See :func:`avce.video.labels.read_labels` for what it may hold.
    """
    if file.size > MAX_LABEL_BYTES:
        raise ClientError(
            f"{file.name}: expected a csv of at most {MAX_LABEL_BYTES >> 20} MiB, got {file.size >> 20} MiB"
        )
    _read(file.sha256, file.name)
    with writing() as session:
        video = videos.require_video(session, video_id)
        video.labels = file.sha256
        session.flush()
        return VideoRecord.model_validate(video)


@door
def clear_labels(video_id: str) -> VideoRecord:
    """Forget the labels of a video."""
    with writing() as session:
        video = videos.require_video(session, video_id)
        video.labels = None
        session.flush()
        return VideoRecord.model_validate(video)


@door
def video_labels(video_id: str) -> pd.DataFrame | None:
    """``frame, valence, arousal`` of the labelled frames; ``None`` for a video without labels."""
    with reading() as session:
        video = videos.require_video(session, video_id)
        name, sha256 = video.name, video.labels
    return None if sha256 is None else _read(sha256, f"labels of {name}")


def _read(sha256: str, name: str) -> pd.DataFrame:
    try:
        text = file_store().read(sha256).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ClientError(f"{name}: expected a text file (csv), got something else") from error
    return read_labels(text, name)
