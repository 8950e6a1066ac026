"""From labelled rows to face crops: open the pictures, find the faces, cut them out, and note what was seen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from avce.data.evidence import Evidence
from avce.data.labels import BOX_COLUMNS, LabelIndex, from_video, place
from avce.data.pictures import MAX_PICTURE_BYTES, brightness, chroma, decode_rgb, thumbnail
from avce.errors import DataError, VideoError
from avce.faces.crop import crop_face
from avce.faces.detect import Face, FaceDetector
from avce.video.read import read_frames

Box = tuple[float, float, float, float]
NO_BOX: Box = (np.nan, np.nan, np.nan, np.nan)
NO_FRAME = "the video has no such frame"
NO_FACE = "no face found"


@dataclass(frozen=True)
class Recipe:
    """How pictures become crops.

    Attributes:
        finds_faces: Run the detector; otherwise the whole picture is the face.
        margin: Context around the box, as a share of its side.
        size: Side of the crop in pixels.
        min_score: Faces below it do not count.
        every_nth_frame: Keep one frame in n of videos.
    """

    finds_faces: bool
    margin: float
    size: int
    min_score: float
    every_nth_frame: int


@dataclass(frozen=True)
class Seen:
    """What one row's picture showed; columns of ``samples``."""

    face: bool = False
    score: float = np.nan
    n_faces: int = 0
    x0: float = np.nan
    y0: float = np.nan
    x1: float = np.nan
    y1: float = np.nan
    width: int = 0
    height: int = 0
    brightness: float = np.nan
    chroma: float = np.nan
    thumb: bytes = b""
    picture: bytes = b""  # the whole picture in small, where it shows what is wrong
    reason: str = ""  # why there is no face, "" when there is one


@dataclass(frozen=True)
class Cut:
    """One row's result: the row's position in the table, its crop (``None`` without a face), and what was seen."""

    row: int
    crop_rgb_u8: NDArray[np.uint8] | None
    seen: Seen

    def facts(self) -> dict[str, Any]:
        """Plain values for a table."""
        return asdict(self.seen)


def choose_face(faces: list[Face], previous: Box | None) -> Face | None:
    """The face that a label is most likely about.

    The one that overlaps the previous frame's, so that a passer-by does not take over; else the largest,
    weighted by its score: owners label the nearest person.
    """
    if not faces:
        return None
    if previous is not None:
        best = max(faces, key=lambda face: overlap(face.box_xyxy_px, previous))
        if overlap(best.box_xyxy_px, previous) > 0.3:
            return best
    return max(faces, key=lambda face: face.score * area(face.box_xyxy_px))


def area(box: Box) -> float:
    """Area of a box."""
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    both = area((max(one[0], other[0]), max(one[1], other[1]), min(one[2], other[2]), min(one[3], other[3])))
    either = area(one) + area(other) - both
    return both / either if either > 0 else 0.0


@dataclass(frozen=True)
class Unit:
    """Rows that are cut together: from ``start`` up to, not including, ``stop``."""

    number: int
    start: int
    stop: int


@dataclass(frozen=True)
class _Found:
    """The face of a picture: its box, score and margin, all faces, and why there is none."""

    box: Box | None
    score: float = np.nan
    n_faces: int = 0
    margin: float = 0.0
    reason: str = ""
    faces: tuple[Box, ...] = ()

    @property
    def kind(self) -> str:
        """What is wrong, "" when nothing is."""
        return self.reason or ("several" if self.n_faces > 1 else "")


class Cutter:
    """Cuts the rows of an index.

    Args:
        index: Labels and source.
        recipe: How to cut.
        detector: Finds faces; safe to call from several threads.
        check: Called before each picture; may raise to stop.
        n_evidence: Whole pictures that a call of :meth:`cut` keeps at most.
    """

    def __init__(
        self,
        index: LabelIndex,
        recipe: Recipe,
        detector: FaceDetector,
        check: Callable[[], None] = lambda: None,
        *,
        n_evidence: int = 0,
    ) -> None:
        self.index, self.recipe, self.detector, self.check = index, recipe, detector, check
        self.n_evidence = n_evidence
        table = index.table
        self._image, self._video = table["image"].to_numpy(object), table["video"].to_numpy(object)
        self._frame = table["frame"].to_numpy(np.int64)
        self._given = table[list(BOX_COLUMNS)].to_numpy(np.float64)

    def units(self, rows: int) -> list[Unit]:
        """Runs of about so many rows; a video is never cut in two, so that each is decoded once."""
        units: list[Unit] = []
        start, n = 0, len(self._image)
        while start < n:
            stop = min(start + rows, n)
            while stop < n and not self._image[stop] and self._video[stop] == self._video[stop - 1]:
                stop += 1
            units.append(Unit(len(units), start, stop))
            start = stop
        return units

    def after(self, row: int) -> int:
        """The next row that does not need the same file: after a broken picture, or after a broken video."""
        end = row + 1
        while end < len(self._image) and not self._image[row] and self._video[end] == self._video[row]:
            end += 1
        return end

    def cut(self, start: int, stop: int) -> Iterator[Cut]:
        """Results for rows ``start`` to ``stop`` in order; rows of one video must lie together, frames rising.

        Raises:
            DataError: A picture or video cannot be read; names file and row.
        """
        row, evidence = start, Evidence(self.n_evidence)
        while row < stop:
            end = row + 1
            while (
                end < stop
                and self._video[end] == self._video[row]
                and bool(self._image[end]) == bool(self._image[row])
            ):
                end += 1
            yield from (self._cut_images if self._image[row] else self._cut_video)(row, end, evidence)
            row = end

    def _cut_images(self, start: int, stop: int, evidence: Evidence) -> Iterator[Cut]:
        previous: Box | None = None
        for row in range(start, stop):
            self.check()
            cut = self._cut_picture(row, read_picture(self.index, row), previous, evidence)
            # the pictures of a sequence follow one another; single pictures do not
            previous = _box(cut.seen) if cut.seen.face and self._video[row] else None
            yield cut

    def _cut_video(self, start: int, stop: int, evidence: Evidence) -> Iterator[Cut]:
        wanted: dict[int, list[int]] = {}
        for row in range(start, stop):
            wanted.setdefault(int(self._frame[row]), []).append(row)
        key, last = self._video[start], max(wanted)
        previous: Box | None = None
        done = set()
        try:
            with self.index.source.local_path(key) as path:
                for frame in read_frames(path):
                    self.check()
                    for row in wanted.get(frame.index, ()):
                        cut = self._cut_picture(row, frame.rgb_u8, previous, evidence)
                        previous = _box(cut.seen) if cut.seen.face else previous
                        done.add(row)
                        yield cut
                    if frame.index >= last:
                        break
        except VideoError as error:
            raise DataError(f"{self.index.source.where(key)}: {error}") from error
        for row in range(start, stop):
            if row not in done:
                yield Cut(row, None, Seen(reason=NO_FRAME))

    def _cut_picture(
        self, row: int, picture: NDArray[np.uint8], previous: Box | None, evidence: Evidence
    ) -> Cut:
        height, width = picture.shape[:2]
        found = self._find_face(row, picture, previous)
        crop = None
        if found.box is not None:
            crop = crop_face(picture, found.box, margin=found.margin, size=self.recipe.size)
        x0, y0, x1, y1 = found.box or NO_BOX
        seen = Seen(
            face=found.box is not None,
            score=found.score,
            n_faces=found.n_faces,
            x0=x0, y0=y0, x1=x1, y1=y1,
            width=width,
            height=height,
            brightness=brightness(picture if crop is None else crop),
            chroma=chroma(picture if crop is None else crop),
            thumb=b"" if crop is None else thumbnail(crop),
            picture=evidence.of(row, found.kind, picture, found.box, found.faces),
            reason=found.reason,
        )  # fmt: skip
        return Cut(row, crop, seen)

    def _find_face(self, row: int, picture: NDArray[np.uint8], previous: Box | None) -> _Found:
        height, width = picture.shape[:2]
        if not self.recipe.finds_faces:
            return _Found((0.0, 0.0, float(width), float(height)), n_faces=1)
        faces = [face for face in self.detector.detect(picture) if face.score >= self.recipe.min_score]
        given = self._given_box(row, width, height)
        face = choose_face(faces, given or previous)
        if given is not None and (face is None or overlap(face.box_xyxy_px, given) < 0.3):
            return _Found(given, n_faces=1, margin=self.recipe.margin)
        if face is None:
            return _Found(None, reason=NO_FACE)
        return _Found(
            face.box_xyxy_px,
            face.score,
            len(faces) if given is None else 1,
            self.recipe.margin,
            faces=tuple(other.box_xyxy_px for other in faces),
        )

    def _given_box(self, row: int, width: int, height: int) -> Box | None:
        """The owners' box when it meets the picture: it says which face is meant, or where to cut if none is found."""
        x0, y0, x1, y1 = (float(edge) for edge in self._given[row])
        return (
            (x0, y0, x1, y1) if x1 > 0 and y1 > 0 and x0 < min(x1, width) and y0 < min(y1, height) else None
        )


def _box(seen: Seen) -> Box:
    return seen.x0, seen.y0, seen.x1, seen.y1


def read_picture(index: LabelIndex, row: int) -> NDArray[np.uint8]:
    """The picture of a row that is not a frame of a video.

    Raises:
        DataError: It cannot be read; names file and row.
    """
    where = f"{index.source.title}: {place(index.table, row)}"
    return decode_rgb(index.source.read(index.table["image"].iloc[row], limit=MAX_PICTURE_BYTES), where)


def sorted_for_cutting(table: pd.DataFrame, positions: dict[str, int] | None) -> pd.DataFrame:
    """Rows of a video together with frames rising; in archive order where reading out of order is dear."""
    if positions is not None:
        order = table["image"].where(table["image"] != "", table["video"]).map(positions)
        table = table.assign(order=order).sort_values(["order", "frame"], kind="stable").drop(columns="order")
    elif from_video(table).any():
        table = table.sort_values(["video", "frame"], kind="stable")
    return table.reset_index(drop=True)
