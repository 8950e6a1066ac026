"""Videos and their labels compared in length: where they differ in the middle, all labels after it are shifted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from avce.data.findings import Finding, finding
from avce.data.labels import LabelIndex, from_video
from avce.errors import DataError
from avce.video.read import probe

MAX_PROBED = 300


def label_counts(index: LabelIndex) -> tuple[dict[str, int], set[str]]:
    """Labels that each video should have frames for, and the videos of which every frame is labelled.

    Where the layout counts its lines, those count, discarded ones too. Else the last labelled frame does, and a video is
    taken to be labelled throughout when its frames are 0, 1, 2 … without a gap.
    """
    rows = index.table.loc[from_video(index.table), ["video", "frame"]]
    frames = rows.drop_duplicates().groupby("video")["frame"].agg(["max", "count"])
    counts = {str(video): int(last) + 1 for video, last in frames["max"].items()}
    whole = {str(video) for video in frames.index[frames["count"] == frames["max"] + 1]}
    counts |= {video: n for video, n in index.lengths.items() if video in counts}
    return counts, whole | set(index.lengths)


def length_findings(
    index: LabelIndex, broken: list[str], check: Callable[[], None] = lambda: None
) -> Iterator[Finding]:
    """Videos with more or fewer frames than labels.

    Args:
        index: Labels and source.
        broken: Gets the reason of each video that cannot be opened.
        check: Called before each video; may raise to stop.
    """
    counts, whole = label_counts(index)
    videos = sorted(counts)
    if index.source.is_sequential:
        videos = [name for name in index.source.names() if name in counts]
    if len(videos) > MAX_PROBED:
        why = "Opening every video takes long; labels beyond the end of any are found when preparing."
        title = f"the lengths of {MAX_PROBED} of {len(videos):,} videos were compared with their labels"
        yield finding("info", title, why)
        videos = [videos[n] for n in np.linspace(0, len(videos) - 1, MAX_PROBED).round().astype(int)]
    unlike = []
    for video in videos:
        check()
        try:
            with index.source.local_path(video) as path:
                frames = probe(path).frames
        except DataError as error:
            where = index.source.where(video)
            broken.append(str(error) if where in str(error) else f"{where}: {error}")
            continue
        if frames and (frames < counts[video] or (video in whole and frames > counts[video])):
            unlike.append(f"{video}: {frames} frames, labels for {counts[video]}")
    if unlike:
        why = (
            "Frames without a label are left out, and so are labels beyond the end. If the difference is not at the"
            " end, all labels after it are shifted."
        )
        yield finding("warning", f"{len(unlike)} videos and their labels differ in length", why, unlike)
