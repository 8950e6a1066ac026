"""What rows of a table of predictions belong together: when intervals are drawn, and when videos are averaged. No torch."""

from __future__ import annotations

from typing import Any

import pandas as pd
from numpy.typing import NDArray


def group_labels(table: pd.DataFrame) -> tuple[NDArray[Any], str]:
    """What the bootstrap resamples: subjects where known, else videos, else single pictures.

    Args:
        table: Columns ``row, video, subject``; empty or missing names are unknown.

    Returns:
        A label per row, and the word for what the labels are.
    """
    for column in ("subject", "video"):
        values = _names(table, column)
        if len(values) and (values != "").all():
            return values.to_numpy(), column
    videos, subjects = _names(table, "video"), _names(table, "subject")
    known = subjects.where(subjects != "", videos)
    named = known.where(known != "", "row " + table["row"].astype(str))
    return named.to_numpy(), "picture" if (known == "").all() else "subject, video or picture"


def video_labels(table: pd.DataFrame) -> tuple[NDArray[Any], str]:
    """What the protocol ``per_video`` averages over: videos; a picture outside of any is one of its own.

    Where no label changes within any video (OMG-Emotion's utterances, sets of pictures) no video has a CCC. Then
    the next larger whole is taken: what :func:`group_labels` gives, in OMG-Emotion the video that the utterances
    are cut from.

    Args:
        table: Columns ``row, video, subject, valence, arousal``; empty or missing names are unknown.

    Returns:
        A label per row, and the word for what the labels are.
    """
    videos = _names(table, "video")
    named = videos.where(videos != "", "row " + table["row"].astype(str))
    labels = table[["valence", "arousal"]].groupby(named.to_numpy(), sort=False)
    if labels.max().equals(labels.min()):
        return group_labels(table)
    return named.to_numpy(), "video" if (videos != "").all() else "video or picture"


def _names(table: pd.DataFrame, column: str) -> pd.Series[str]:
    return table[column].fillna("").astype(str)
