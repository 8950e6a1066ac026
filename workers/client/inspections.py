"""Look into one face with one run, and read what was found."""

from __future__ import annotations

from workers.client._door import door
from workers.client.datasets import sent
from workers.client.runs import pending_training
from workers.errors import ClientError
from workers.records import InspectionRecord, JobRecord, StoredFile
from workers.states import JobKind
from workers.store import datasets, inspections, jobs, runs, shipped
from workers.store.files import file_store
from workers.store.session import reading, writing
from workers.store.tables import Inspection


@door
def inspect(
    run_id: str,
    *,
    dataset_id: str | None = None,
    row: int | None = None,
    file: StoredFile | None = None,
    priority: int = 0,
    after: str | None = None,
) -> JobRecord:
    """Queue the inspection of one face: a row of a data set, or an uploaded picture.

    The job's ``options["inspection_id"]`` is the id for :func:`get_inspection`. Of a run that still trains it waits for
    the training.
    """
    is_sample = dataset_id is not None and row is not None
    if is_sample == (file is not None):
        raise ClientError("choose one face: a sample of a data set (dataset_id and row) or an uploaded file")
    with writing() as session:
        run_id = shipped.use_run(session, run_id)
        run = runs.run_record(session, run_id)
        if dataset_id is not None:
            dataset = datasets.dataset_record(session, dataset_id)
            what = f"sample {row} of {dataset.name}"
        else:
            what = file.name if file else ""
        job = jobs.add_job(
            session,
            JobKind.INSPECT,
            f"Inspect {what} with {run.name}",
            options={},
            priority=priority,
            after=after or pending_training([run]),
            run_id=run_id,
            dataset_id=dataset_id,
        )
        source = file.model_dump() if file else {}
        inspection = Inspection(job_id=job.id, run_id=run_id, dataset_id=dataset_id, row=row, source=source)
        session.add(inspection)
        session.flush()
        job.options = {"inspection_id": inspection.id}
        job_id = job.id
    return sent(job_id)


@door
def list_inspections(run_id: str | None = None, *, limit: int = 50) -> list[InspectionRecord]:
    """Inspections, newest first, of one run or of all, without their numbers (see :func:`get_inspection`)."""
    with reading() as session:
        wanted = [Inspection.run_id == run_id] if run_id else []
        return inspections.inspection_records(session, *wanted, limit=limit, is_brief=True)


@door
def get_inspection(inspection_id: str) -> InspectionRecord:
    """The inspection with this id; ``result`` is empty until its job has succeeded."""
    with reading() as session:
        inspections.require_inspection(session, inspection_id)
        return inspections.inspection_records(session, Inspection.id == inspection_id)[0]


@door
def inspection_jpeg(inspection_id: str) -> bytes:
    """The face that was looked into, as the model got it.

    Raises:
        ClientError: The inspection has not finished.
    """
    with reading() as session:
        found = inspections.require_inspection(session, inspection_id)
        if found.picture is None:
            raise ClientError(f"inspection {inspection_id} has not finished; there is no picture yet")
        return file_store().read(found.picture)
