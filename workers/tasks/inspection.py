"""The body of an inspection: take the face, compute everything, keep the numbers and the crop."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from avce.errors import DataError
from workers.lifecycle import Claim
from workers.own_views import know_own_views
from workers.reporting import JobReporter
from workers.store import datasets, inspections
from workers.store.files import file_store
from workers.store.plain import plain
from workers.store.runs import checkpoint_folder, checkpoint_of, kept_folders
from workers.store.session import reading
from workers.tasks.border import Outcome

if TYPE_CHECKING:
    from avce.training.checkpoint import Predictor


MOST_EPOCHS = 40
"""Kept epochs that one inspection looks through; of more, evenly chosen ones."""


@dataclass(frozen=True)
class _Wanted:
    inspection_id: str
    checkpoint_id: str
    model: Path
    kept: list[tuple[int, Path]]
    dataset: Path | None
    row: int
    source: dict[str, Any]


def inspect(held: Claim, reporter: JobReporter) -> Outcome:
    """Look into one face; the rows are written with the end of the job."""
    from avce.inspection import inspect_face, watch_training
    from avce.training.checkpoint import load_predictor

    know_own_views()
    wanted = _load(held)
    predictor = load_predictor(wanted.model)
    crop, more = _sample(wanted) if wanted.dataset is not None else _upload(wanted, predictor)
    found = inspect_face(predictor, crop, reporter) | more
    if wanted.kept:
        found["training"] = watch_training(wanted.kept, crop, reporter)
    result = plain(found)
    picture = _stored(crop)

    def write(session: Session) -> None:
        row = inspections.require_inspection(session, wanted.inspection_id)
        row.result, row.picture, row.checkpoint_id = result, picture, wanted.checkpoint_id

    return Outcome(write)


def _load(held: Claim) -> _Wanted:
    with reading() as session:
        row = inspections.inspection_of(session, held.job_id)
        checkpoint = checkpoint_of(session, row.run_id)
        folder = datasets.prepared_folder(session, row.dataset_id) if row.dataset_id else None
        return _Wanted(
            row.id, checkpoint.id, checkpoint_folder(checkpoint), kept_folders(checkpoint, MOST_EPOCHS),
            folder, row.row or 0, dict(row.source),
        )  # fmt: skip


def _sample(wanted: _Wanted) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    from avce.data.prepared import Prepared

    prepared = Prepared.load(wanted.dataset or Path())
    if not 0 <= wanted.row < len(prepared):
        raise DataError(f"row: expected 0 to {len(prepared) - 1}, got {wanted.row}; choose another sample")
    crop = prepared.crops_rgb_u8([wanted.row])[0]
    sample = prepared.samples.iloc[wanted.row]
    label = [float(sample["valence"]), float(sample["arousal"])]
    return crop, {"label": label, "cut": "as the data set holds it"}


def _upload(wanted: _Wanted, predictor: Predictor) -> tuple[NDArray[np.uint8], dict[str, Any]]:
    import cv2

    from avce.inspection import face_of

    content = file_store().read(wanted.source["sha256"])
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR_RGB)
    if picture is None:
        raise DataError(f"{wanted.source['name']}: expected a picture (jpg, png, …), it cannot be decoded")
    crop, cut = face_of(predictor, np.asarray(picture, np.uint8))
    return crop, {"label": None, "cut": cut}


def _stored(crop: NDArray[np.uint8]) -> str:
    """Hash of the crop as JPEG, for people to look at."""
    import cv2

    _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 95])
    return file_store().put(io.BytesIO(jpeg.tobytes()), "face.jpg").sha256
