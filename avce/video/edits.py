"""What a person corrects of the tracks: two that are one, and faces that do not count. Torch-free.

The trajectory stays as it was found; the edits are applied to what is read of it, and can be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from avce.metrics.conformal import BAND_COLUMNS
from avce.video.states import FrameState

NO_FACE_COLUMNS = ("valence", "arousal", "confidence", "x0", "y0", "x1", "y1", *BAND_COLUMNS)
"""Columns that are empty in a row without a face, those of them that a table has."""


@dataclass(frozen=True)
class Edits:
    """Edits of one analysis.

    Attributes:
        merged: Track to the track it belongs to; no track is on both sides.
        excluded: Tracks that do not count; a merged track goes with the one it belongs to.
    """

    merged: Mapping[int, int] = field(default_factory=dict)
    excluded: AbstractSet[int] = frozenset()

    def __bool__(self) -> bool:
        """Whether there is anything to apply."""
        return bool(self.merged or self.excluded)

    def whole(self, track: int | None) -> int:
        """The track that one belongs to; itself unless merged. Rows without a track have none to ask for."""
        return self.merged.get(track or 0, track or 0)

    def members(self, track: int) -> list[int]:
        """The tracks that make up one face; none if it is excluded."""
        if track in self.excluded:
            return []
        return [track, *sorted(one for one, whole in self.merged.items() if whole == track)]

    def apply(self, table: pd.DataFrame) -> pd.DataFrame:
        """A trajectory as corrected.

        Args:
            table: Rows of one run with the columns of ``trajectory.csv``; all rows of a frame, or none.

        Returns:
            One row per frame and face, in the order of frames and ids. Where a merged face is seen by one
            track and lost by the other, it is seen. A frame of which no row is left says ``no_face``, as if the
            excluded face were not there: no frame is lost.
        """
        if not self or table.empty:
            return table
        out = table.assign(track=table["track"].astype("Int64").replace(dict(self.merged)))
        is_out = out["track"].isin(list(self.excluded)).fillna(value=False).to_numpy(bool)
        left_over = out[is_out].drop_duplicates("frame")
        kept = _one_row_each(out[~is_out])
        lonely = left_over[~left_over["frame"].isin(kept["frame"])].copy()
        lonely["track"], lonely["state"] = (
            pd.array([pd.NA] * len(lonely), dtype="Int64"),
            str(FrameState.NO_FACE),
        )
        lonely[[name for name in NO_FACE_COLUMNS if name in lonely]] = np.nan
        both = pd.concat([kept, lonely]) if len(lonely) else kept
        return both.sort_values(["frame", "track"], kind="stable", ignore_index=True)


def _one_row_each(table: pd.DataFrame) -> pd.DataFrame:
    """Of several rows of one face in one frame the one that shows it, the surer one first."""
    rank = table.assign(
        has_value=table["valence"].notna(),
        has_box=table["x0"].notna(),
        sure=table["confidence"].fillna(-1.0),
        place=np.arange(len(table)),
    )
    best = rank.sort_values(
        ["frame", "track", "has_value", "has_box", "sure", "place"],
        ascending=[True, True, False, False, False, True],
    )
    return best.drop_duplicates(["frame", "track"])[list(table.columns)]
