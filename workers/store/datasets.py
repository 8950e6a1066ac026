"""Queries on data sets. A data set is as ready as the job that makes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from workers.errors import ClientError, NotFoundError
from workers.records import DatasetRecord
from workers.settings import get_settings
from workers.states import JobKind, JobState
from workers.store.files import file_store
from workers.store.tables import Dataset, Job

MAKERS = (JobKind.IMPORT, JobKind.SYNTH)
STATE_OF_JOB = {JobState.SUCCEEDED: "ready", JobState.FAILED: "failed", JobState.CANCELLED: "failed"}


def dataset_records(session: Session, *wanted: ColumnElement[bool]) -> list[DatasetRecord]:
    """Records of data sets, newest first."""
    query = (
        select(Dataset, Job)
        .join(Job, (Job.dataset_id == Dataset.id) & Job.kind.in_(MAKERS))
        .where(*wanted)
        .order_by(Dataset.created_at.desc(), Dataset.id)
    )
    return [_record(dataset, job) for dataset, job in session.execute(query)]


def _record(dataset: Dataset, job: Job) -> DatasetRecord:
    columns: dict[str, Any] = {
        name: getattr(dataset, name) for name in DatasetRecord.model_fields if hasattr(dataset, name)
    }
    columns["made_from"] = dataset.source.get("made_from")
    columns["options"] = dataset.card.get("options") or (job.options if job.kind is JobKind.IMPORT else {})
    error = job.error or ("the import was cancelled" if job.state is JobState.CANCELLED else None)
    return DatasetRecord(
        **columns, job_id=job.id, state=STATE_OF_JOB.get(job.state, "importing"), error=error
    )


def dataset_record(session: Session, dataset_id: str) -> DatasetRecord:
    """The record of a data set.

    Raises:
        NotFoundError: No data set has this id.
    """
    found = dataset_records(session, Dataset.id == dataset_id)
    if not found:
        raise NotFoundError(f"data set {dataset_id!r} does not exist; see the list of data sets")
    return found[0]


def require_dataset(session: Session, dataset_id: str) -> Dataset:
    """The row of a data set.

    Raises:
        NotFoundError: No data set has this id.
    """
    dataset = session.get(Dataset, dataset_id)
    if dataset is None:
        raise NotFoundError(f"data set {dataset_id!r} does not exist; see the list of data sets")
    return dataset


def prepared_folder(session: Session, dataset_id: str) -> Path:
    """A local folder with the prepared data set, fetched from the file store if it is not here yet.

    Raises:
        ClientError: The data set is not ready.
    """
    dataset = require_dataset(session, dataset_id)
    if not dataset.files:
        state = dataset_record(session, dataset_id).state
        raise ClientError(
            f"data set {dataset.name!r} is not ready (it is {state}); wait for its import to finish"
        )
    return local_folder(dataset.fingerprint, dataset.files)


def local_folder(fingerprint: str, files: dict[str, str]) -> Path:
    """The local copy of a prepared data set under its fingerprint."""
    return file_store().get_folder(files, get_settings().datasets_folder / fingerprint)
