"""Faces in pictures that have nothing to do with one another: no tracking, no time. Torch-free; the predictor is not."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from avce.circumplex import word_for
from avce.data.pictures import decode_rgb
from avce.errors import DataError
from avce.faces.boxes import Box, area, short_side
from avce.faces.crop import crop_face
from avce.faces.detect import Face, FaceDetector, default_detector
from avce.files import natural
from avce.options import AnalyzeOptions
from avce.progress import Reporter
from avce.video.judging import FacePredictor, crop_recipe
from avce.video.points import TRAJECTORY_COLUMNS, Point
from avce.video.states import FrameState

PICTURE_ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


@dataclass(frozen=True)
class Judged:
    """One face in one picture, or a picture without a face.

    Attributes:
        file: The picture.
        face: Number of the face in it, from 1, largest first; ``None`` without a face.
        state: ``detected``, ``low_quality`` (too small or too uncertain, so without values) or ``no_face``.
        box_xyxy_px: Where it is.
        score: The detector's confidence, 0 to 1.
        valence: Within [-1, 1].
        arousal: Within [-1, 1].
    """

    file: Path
    face: int | None = None
    state: FrameState = FrameState.NO_FACE
    box_xyxy_px: Box | None = None
    score: float | None = None
    valence: float | None = None
    arousal: float | None = None

    @property
    def word(self) -> str | None:
        """See :func:`avce.circumplex.word_for`; ``None`` without values."""
        if self.valence is None or self.arousal is None:
            return None
        return word_for(self.valence, self.arousal)


def pictures_in(folder: Path) -> list[Path]:
    """The pictures below a folder, folder by folder in natural order ("2" before "10").

    Raises:
        DataError: There is none.
    """
    found = [path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_ENDINGS and path.is_file()]
    if not found:
        raise DataError(
            f"{folder}: expected pictures ({', '.join(PICTURE_ENDINGS)}) in the folder, found none; give a video,"
            " a picture or a folder of pictures"
        )
    return sorted(found, key=lambda path: natural(str(path)))


def judge_pictures(
    files: Sequence[Path],
    predictor: FacePredictor,
    options: AnalyzeOptions | None = None,
    reporter: Reporter | None = None,
    *,
    detector: FaceDetector | None = None,
    is_face_only: bool = False,
) -> Iterator[Judged]:
    """Find and judge the faces of pictures, one picture after the other.

    Args:
        files: Pictures.
        predictor: Its card says how faces are cut.
        options: ``min_score``, ``min_face_px``, ``max_faces`` and ``flip`` count.
        reporter: Told of every picture; gets a line for each that cannot be read.
        detector: Default :func:`avce.faces.detect.default_detector`.
        is_face_only: The pictures are cut-out faces: take each whole, and look for no face.

    Yields:
        One per face, largest first, and one for a picture without a face; none for a picture that cannot be read.

    Raises:
        DataError: No picture at all can be read; the text is that of the first.
        CancelledError: The reporter was asked to stop.
    """
    options, reporter = options or AnalyzeOptions(), reporter or Reporter()
    detector = _Whole() if is_face_only else detector or default_detector()
    reporter.stage("predict")
    first: DataError | None = None
    unread = 0
    for number, file in enumerate(files, 1):
        try:
            yield from _judge(file, predictor, options, detector)
        except DataError as error:
            first, unread = first or error, unread + 1
            if len(files) > 1:
                reporter.log(f"left out: {error}")
        reporter.progress(number, len(files), file.name)
    if first is not None and unread == len(files):
        raise first


class _Whole:
    """Takes a picture of nothing but a face for that face, with as much around it as a detector's box would leave."""

    def detect(self, frame_rgb_u8: NDArray[np.uint8]) -> list[Face]:
        height, width = frame_rgb_u8.shape[:2]
        return [Face((0.0, 0.0, float(width), float(height)), 1.0)]


def _judge(
    file: Path, predictor: FacePredictor, options: AnalyzeOptions, detector: FaceDetector
) -> list[Judged]:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise DataError(f"{file}: expected a picture, it cannot be read ({error.strerror})") from error
    picture = decode_rgb(data, str(file))
    # As in videos: what is below half the wanted score is no face, what is below it is one of low quality.
    found = [face for face in detector.detect(picture) if face.score >= options.min_score / 2]
    found = sorted(found, key=lambda face: -area(face.box_xyxy_px))[: options.max_faces]
    if not found:
        return [Judged(file)]
    is_good = [
        face.score >= options.min_score and short_side(face.box_xyxy_px) >= options.min_face_px
        for face in found
    ]
    values = iter(
        _values(picture, [f for f, good in zip(found, is_good, strict=True) if good], predictor, options)
    )
    judged = []
    for number, (face, good) in enumerate(zip(found, is_good, strict=True), 1):
        state = FrameState.DETECTED if good else FrameState.LOW_QUALITY
        valence, arousal = next(values) if good else (None, None)
        judged.append(Judged(file, number, state, face.box_xyxy_px, face.score, valence, arousal))
    return judged


def _values(
    picture_rgb_u8: NDArray[np.uint8], faces: list[Face], predictor: FacePredictor, options: AnalyzeOptions
) -> list[tuple[float, float]]:
    if not faces:
        return []
    recipe = crop_recipe(predictor)
    crops = [crop_face(picture_rgb_u8, f.box_xyxy_px, margin=recipe.margin, size=recipe.size) for f in faces]
    return [(float(v), float(a)) for v, a in predictor.predict(np.stack(crops), flip=options.flip)]


def write_rows(faces: Iterable[Judged], path: Path, folder: Path, files: Sequence[Path]) -> dict[str, int]:
    """Write csv with a row per file and face: ``file`` and the columns of a trajectory.

    ``file`` is relative to ``folder``; ``frame`` is the file's place in ``files``, ``track`` the number of the face in it,
    and ``pts_ms`` stays empty.

    Returns:
        ``{"read": pictures that could be read, "without_face": …, "faces": …, "judged": faces with values}``.
    """
    numbers = {file: number for number, file in enumerate(files)}
    seen: set[Path] = set()
    counts = {"read": 0, "without_face": 0, "faces": 0, "judged": 0}
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("file", *TRAJECTORY_COLUMNS))
        for face in faces:
            frame, values = numbers[face.file], None
            if face.valence is not None and face.arousal is not None:
                values = (face.valence, face.arousal)
            point = Point(frame, 0.0, face.face, face.state, face.box_xyxy_px, face.score, (values,))
            row = dict(zip(TRAJECTORY_COLUMNS, point.row(0), strict=True)) | {"pts_ms": None}
            writer.writerow((face.file.relative_to(folder).as_posix(), *row.values()))
            seen.add(face.file)
            counts["without_face"] += face.face is None
            counts["faces"] += face.face is not None
            counts["judged"] += values is not None
    return counts | {"read": len(seen)}
