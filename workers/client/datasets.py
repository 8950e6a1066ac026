"""Bring data sets in, and look at them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from avce.options import PrepareOptions, Split, SynthOptions
from workers.client._door import door
from workers.dispatch import dispatch
from workers.errors import ClientError
from workers.records import DatasetRecord, JobRecord, SampleRecord, StoredFile
from workers.settings import get_settings
from workers.states import JobKind
from workers.store import datasets, jobs
from workers.store.files import file_store
from workers.store.session import reading, writing
from workers.store.tables import Dataset

MAX_POINTS = 20_000


@door
def store_upload(stream: BinaryIO, filename: str) -> StoredFile:
    """Keep an uploaded file, read in pieces; the name is cut down to its last part."""
    name = filename.replace("\\", "/").rsplit("/", 1)[-1].strip()
    if not name or name in {".", ".."}:
        raise ClientError(f"the upload needs a file name, got {filename!r}")
    return file_store().put(stream, name, max_bytes=get_settings().max_upload_bytes)


@door
def import_dataset(
    name: str, files: Sequence[StoredFile], options: PrepareOptions | None = None, *, priority: int = 0
) -> JobRecord:
    """Import uploaded files: one archive, or a csv with its pictures or an archive of them."""
    if not files:
        raise ClientError("choose at least one file: a zip or tar, or a csv together with its pictures")
    source = {"files": [file.model_dump() for file in files]}
    return _import(name, source, options or PrepareOptions(), priority=priority)


@door
def import_server_folder(
    name: str, path: Path | str, options: PrepareOptions | None = None, *, priority: int = 0
) -> JobRecord:
    """Import a folder or archive that is already on the server, below one of the allowed folders."""
    allowed = [folder.resolve() for folder in get_settings().allowed_folders]
    wanted = Path(path).resolve()
    if not any(wanted.is_relative_to(folder) for folder in allowed):
        below = ", ".join(map(str, allowed)) or "none is set"
        raise ClientError(f"{path}: not below an allowed folder ({below}); set AVCE_ALLOWED_FOLDERS")
    if not wanted.exists():
        raise ClientError(f"{path}: does not exist on the server")
    return _import(name, {"path": str(wanted)}, options or PrepareOptions(), priority=priority)


def _import(name: str, source: dict[str, Any], options: PrepareOptions, *, priority: int) -> JobRecord:
    with writing() as session:
        dataset = Dataset(name=_checked_name(name), source=source)
        session.add(dataset)
        session.flush()
        job = jobs.add_job(
            session,
            JobKind.IMPORT,
            f"Import {dataset.name}",
            options=options.model_dump(mode="json"),
            priority=priority,
            dataset_id=dataset.id,
        )
        job_id = job.id
    return sent(job_id)


@door
def synthesize_dataset(
    name: str, options: SynthOptions | None = None, *, priority: int = 0, after: str | None = None
) -> JobRecord:
    """Draw a data set of rendered faces and import it."""
    job, _ = add_synth(name, options or SynthOptions(), priority=priority, after=after)
    return sent(job)


def add_synth(
    name: str,
    options: SynthOptions,
    *,
    priority: int = 0,
    after: str | None = None,
    video_id: str | None = None,
) -> tuple[str, str]:
    """Rows of a drawn data set, of whose clips one becomes the video; returns the ids of job and data set."""
    with writing() as session:
        dataset = Dataset(name=_checked_name(name), source={"synth": options.model_dump(mode="json")})
        session.add(dataset)
        session.flush()
        job = jobs.add_job(
            session,
            JobKind.SYNTH,
            f"Draw {dataset.name}",
            options=options.model_dump(mode="json"),
            priority=priority,
            after=after,
            dataset_id=dataset.id,
            video_id=video_id,
        )
        return job.id, dataset.id


def sent(job_id: str) -> JobRecord:
    """Send the message of a job whose row is committed, and return its record."""
    dispatch([job_id])
    with reading() as session:
        return jobs.job_record(session, job_id)


def _checked_name(name: str) -> str:
    if not name.strip():
        raise ClientError("give the data set a name")
    return name.strip()


@door
def list_datasets() -> list[DatasetRecord]:
    """Data sets, newest first."""
    with reading() as session:
        return datasets.dataset_records(session)


@door
def get_dataset(dataset_id: str) -> DatasetRecord:
    """The data set with this id."""
    with reading() as session:
        return datasets.dataset_record(session, dataset_id)


@door
def dataset_samples(
    dataset_id: str, *, split: Split | str | None = None, limit: int = 24, seed: int = 0
) -> list[SampleRecord]:
    """Random face crops with their labels, of one split or of all; the same seed gives the same ones."""
    import cv2  # noqa: PLC0415 (only this function draws)

    from avce.data.prepared import Prepared  # noqa: PLC0415 (with pyarrow: slow to load)

    with reading() as session:
        folder = datasets.prepared_folder(session, dataset_id)
    prepared = Prepared.load(folder)
    table = prepared.samples
    rows = np.flatnonzero(_wanted(table, split) & table["face"].to_numpy(dtype=bool))
    chosen = np.sort(np.random.default_rng(seed).permutation(rows)[:limit])
    records = []
    for row, crop in zip(chosen, prepared.crops_rgb_u8(chosen.tolist()), strict=True):
        sample = table.iloc[int(row)]
        _, jpeg = cv2.imencode(".jpg", cv2.cvtColor(crop, cv2.COLOR_RGB2BGR))
        records.append(
            SampleRecord(
                row=int(row),
                subject=str(sample["subject"]),
                valence=float(sample["valence"]),
                arousal=float(sample["arousal"]),
                split=str(sample["split"]),
                jpeg=jpeg.tobytes(),
            )
        )
    return records


def _wanted(table: pd.DataFrame, split: Split | str | None) -> np.ndarray[Any, np.dtype[np.bool_]]:
    if split is None:
        return np.ones(len(table), dtype=bool)
    return np.asarray(table["split"] == str(split), dtype=bool)


@door
def dataset_points(dataset_id: str) -> pd.DataFrame:
    """Labels for charts: ``valence, arousal, split, subject``, thinned evenly to 20 000 rows."""
    with reading() as session:
        folder = datasets.prepared_folder(session, dataset_id)
    table = pd.read_parquet(folder / "samples.parquet", columns=["valence", "arousal", "split", "subject"])
    step = -(-len(table) // MAX_POINTS)
    return table.iloc[:: max(step, 1)].reset_index(drop=True)
