"""The body of activation maps: cut the faces out, draw and score, keep pictures and arrays."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete
from sqlalchemy.orm import Session

from avce.errors import DataError, OptionError
from avce.options import Axis, Head, MapFrames, MapOptions
from workers.lifecycle import Claim
from workers.own_views import know_own_views
from workers.reporting import JobReporter
from workers.store import analyses
from workers.store.files import file_store
from workers.store.plain import plain
from workers.store.runs import checkpoint_folder, checkpoint_of
from workers.store.session import reading
from workers.store.tables import ActivationMap, TrajectoryPoint
from workers.store.tracks import edits_of
from workers.store.videos import video_file
from workers.tasks.border import Outcome

if TYPE_CHECKING:
    from avce.training.checkpoint import Predictor

OPACITY = 0.5


@dataclass(frozen=True)
class _Model:
    run_id: str
    name: str
    checkpoint_id: str
    folder: Path


def draw(held: Claim, reporter: JobReporter) -> Outcome:
    """Draw the maps that a job asks for; they replace those of the same faces, runs, axes and heads."""
    from avce.activation.scores import with_shuffled_weights
    from avce.training.checkpoint import load_predictor

    know_own_views()
    options = MapOptions.parse(held.options["maps"])
    path, models, faces = _load(held, options)
    rows: list[dict[str, Any]] = []
    reporter.stage("maps")
    done, total = 0, len(models) * len(faces)
    for model in models:
        predictor = load_predictor(model.folder)
        shuffled = with_shuffled_weights(predictor) if options.scores else None
        artist = _Artist(predictor, shuffled, options, model.name, reporter)
        for crop, face in _crops(path, faces, predictor):
            shared = {
                "job_id": held.job_id,
                "analysis_id": held["analysis_id"],
                "run_id": model.run_id,
                "checkpoint_id": model.checkpoint_id,
                "frame": face.frame,
                "track": face.track,
            }
            rows += [shared | values for values in artist.maps(crop)]
            done += 1
            reporter.progress(done, total, f"frame {face.frame}")
    return Outcome(lambda session: _write(session, rows))


def _load(held: Claim, options: MapOptions) -> tuple[Path, list[_Model], list[TrajectoryPoint]]:
    track = held.options["track"]
    with reading() as session:
        record = analyses.analysis_record(session, held["analysis_id"])
        models = []
        for run_id, name in zip(record.run_ids, record.names, strict=True):
            checkpoint = checkpoint_of(session, run_id)
            models.append(_Model(run_id, name, checkpoint.id, checkpoint_folder(checkpoint)))
        frames = _frames(session, held, options)
        faces = analyses.points_of_frames(session, record.id, record.run_ids[0], frames, track)
        session.expunge_all()
        if not faces:
            where = f"frames {', '.join(map(str, frames))}" if frames else "the whole video"
            where += f" of face {track}" if track is not None else ""
            raise DataError(f"{record.video.name}: no face in {where}; choose frames in which one was found")
        return video_file(session, record.video.id), models, faces


def _frames(session: Session, held: Claim, options: MapOptions) -> list[int]:
    """Frames to draw over: those named, or found in the values of the first run."""
    if options.which is MapFrames.CHOSEN:
        return [int(frame) for frame in held.options["frames"]]
    from avce.video.map_frames import map_frames

    analysis_id = held["analysis_id"]
    run_id = analyses.run_in(session, analysis_id, None)
    table = analyses.trajectory_table(
        session, analysis_id, [run_id], track=None, max_points=None, edits=edits_of(session, analysis_id)
    )
    return map_frames(table, options, track=held.options["track"])


def _crops(
    path: Path, faces: list[TrajectoryPoint], predictor: Predictor
) -> Iterator[tuple[NDArray[np.uint8], TrajectoryPoint]]:
    """The faces, cut out by the recipe that the run was trained with."""
    from avce.faces.crop import crop_face
    from avce.video.analyze import crop_recipe
    from avce.video.read import frame_at

    recipe = crop_recipe(predictor)
    for index, members in groupby(faces, key=lambda face: face.frame):
        picture = frame_at(path, index).rgb_u8
        for face in members:
            box = (face.x0 or 0.0, face.y0 or 0.0, face.x1 or 0.0, face.y1 or 0.0)
            yield crop_face(picture, box, margin=recipe.margin, size=recipe.size), face


@dataclass(frozen=True)
class _Artist:
    """One model and how its maps are wanted."""

    predictor: Predictor
    shuffled: Predictor | None
    options: MapOptions
    name: str
    reporter: JobReporter

    def maps(self, crop: NDArray[np.uint8]) -> Iterator[dict[str, Any]]:
        """Columns of the rows of one face."""
        from avce.activation.combine import gini, seen_part
        from avce.activation.maps import activation_maps, feature_maps

        for head in self.options.heads:
            for axis in self.options.axes:
                try:
                    values = activation_maps(self.predictor, crop[None], axis, head)[0]
                except OptionError as error:  # this run's method has no such head; the others may
                    self.reporter.log(f"{self.name}: no map of head {head.value} ({error})")
                    continue
                scores = self._scores(crop, values, axis, head)
                yield {"axis": axis.value, "head": head.value, "scores": scores} | _stored(crop, values)
        if self.options.features:
            values = feature_maps(self.predictor, crop[None])[0]
            seen = seen_part(values, self.predictor.options.input_size)
            scores = {"gini": gini(seen)} if self.options.scores else {}
            yield {"axis": "features", "head": "encoder", "scores": scores} | _stored(crop, values)

    def _scores(
        self, crop: NDArray[np.uint8], values: NDArray[np.float32], axis: Axis, head: Head
    ) -> dict[str, float]:
        from avce.activation.scores import score_map

        if not self.options.scores:
            return {}
        return score_map(self.predictor, crop, values, axis, head, shuffled=self.shuffled)


def _stored(crop: NDArray[np.uint8], values: NDArray[np.float32]) -> dict[str, str]:
    import cv2

    from avce.activation.draw import overlay

    _, png = cv2.imencode(".png", cv2.cvtColor(overlay(crop, values, OPACITY), cv2.COLOR_RGB2BGR))
    _, face = cv2.imencode(".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 95])
    array = io.BytesIO()
    np.save(array, values, allow_pickle=False)
    array.seek(0)
    store = file_store()
    return {
        "file": store.put(io.BytesIO(png.tobytes()), "map.png").sha256,
        "array_file": store.put(array, "map.npy").sha256,
        "face_file": store.put(io.BytesIO(face.tobytes()), "face.jpg").sha256,
    }


def _write(session: Session, rows: list[dict[str, Any]]) -> None:
    """Write the maps; one that was drawn before is replaced."""
    for row in rows:
        key = ("analysis_id", "run_id", "frame", "track", "axis", "head")
        same = [getattr(ActivationMap, name) == row[name] for name in key]
        session.execute(delete(ActivationMap).where(*same))
        session.add(ActivationMap(**row | {"scores": plain(row["scores"])}))
