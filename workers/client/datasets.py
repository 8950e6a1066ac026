"""Bring data sets in, and look at them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from avce.options import PrepareOptions, SynthOptions
from workers.client._door import door
from workers.dispatch import dispatch
from workers.errors import ClientError
from workers.records import DatasetRecord, JobRecord, StoredFile
from workers.settings import get_settings
from workers.states import JobKind
from workers.store import datasets, jobs
from workers.store.session import reading, writing
from workers.store.tables import Dataset


@door
def import_dataset(
    name: str, files: Sequence[StoredFile], options: PrepareOptions | None = None, *, priority: int = 0
) -> JobRecord:
    """Import uploaded files: one archive, or a csv with its pictures or an archive of them."""
    if not files:
        raise ClientError("choose at least one file: a zip or tar, or a csv together with its pictures")
    source = {"files": [file.model_dump() for file in files]}
    return add_import(name, source, options or PrepareOptions(), priority=priority)


@door
def import_server_folder(
    name: str, path: Path | str, options: PrepareOptions | None = None, *, priority: int = 0
) -> JobRecord:
    """Import a folder or archive that is already on the server, below one of the allowed folders."""
    return add_import(name, {"path": str(allowed_path(path))}, options or PrepareOptions(), priority=priority)


def allowed_path(path: Path | str) -> Path:
    """The path itself, resolved.

    Raises:
        ClientError: It lies in none of the allowed folders, or is not there.
    """
    allowed = [folder.resolve() for folder in get_settings().allowed_folders]
    wanted = Path(path).resolve()
    if not any(wanted.is_relative_to(folder) for folder in allowed):
        below = ", ".join(map(str, allowed)) or "none is set"
        raise ClientError(f"{path}: not below an allowed folder ({below}); set AVCE_ALLOWED_FOLDERS")
    if not wanted.exists():
        raise ClientError(f"{path}: does not exist on the server")
    return wanted


def add_import(name: str, source: dict[str, Any], options: PrepareOptions, *, priority: int = 0) -> JobRecord:
    """Rows of a data set with this source and its import job, whose message is sent."""
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
