"""Train and evaluate, and read what came out."""

from __future__ import annotations

import io
from collections.abc import Collection
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from avce.options import Backbone, EvaluateOptions, TrainOptions
from avce.weights import card_text
from workers.client._door import door
from workers.client.datasets import sent
from workers.errors import ClientError
from workers.records import CheckpointRecord, EvaluationRecord, JobRecord, RunRecord
from workers.starts import started_from
from workers.states import ENDED_BADLY, JobKind, JobState
from workers.store import datasets, evaluations, jobs, runs, shipped
from workers.store.files import file_store
from workers.store.session import reading, writing
from workers.store.tables import Checkpoint, Evaluation, Job, Run


@door
def train(
    dataset_id: str,
    options: TrainOptions | None = None,
    *,
    name: str | None = None,
    priority: int = 0,
    after: str | None = None,
) -> JobRecord:
    """Queue a training run. On a data set that is still being imported it waits for the import."""
    with writing() as session:
        job_id = add_training(
            session, dataset_id, options or TrainOptions(), name=name, priority=priority, after=after
        ).id
    return sent(job_id)


def add_training(
    session: Session,
    dataset_id: str,
    options: TrainOptions,
    *,
    name: str | None,
    priority: int = 0,
    after: str | None = None,
) -> Job:
    """Write the rows of a run and of its training job."""
    dataset = datasets.dataset_record(session, dataset_id)
    if dataset.state == "failed":
        raise ClientError(
            f"data set {dataset.name!r} could not be imported ({dataset.error}); import it again"
        )
    if dataset.state == "importing" and after is None:
        after = dataset.job_id
    after = after or _start_is_ready_after(session, options)
    values = options.model_dump(mode="json")
    title = (name or "").strip() or f"{options.method.value} {options.backbone.value} on {dataset.name}"
    run = Run(
        name=title,
        dataset_id=dataset_id,
        method=options.method.value,
        backbone=options.backbone.value,
        options=values,
    )
    session.add(run)
    session.flush()
    return jobs.add_job(
        session,
        JobKind.TRAIN,
        f"Train {title}",
        options=values,
        priority=priority,
        after=after,
        dataset_id=dataset_id,
        run_id=run.id,
    )


def _start_is_ready_after(session: Session, options: TrainOptions) -> str | None:
    """The training job that still makes the weights to start from, if those are another run's."""
    start = started_from(options.pretrained)
    if start is None:
        return None
    source = runs.run_record(session, start)
    if source.backbone != options.backbone:
        raise ClientError(
            f"start from: run {source.name!r} has backbone {source.backbone}, this training"
            f" {options.backbone.value}; choose that backbone, or another start"
        )
    return pending_training([source])


@door
def start_runs(backbone: Backbone, *, limit: int = 100) -> list[RunRecord]:
    """Finished runs with this encoder, newest first: a training can start from each, see :func:`start_from`."""
    wanted = (Checkpoint.id.is_not(None), Run.shipped.is_(None), Run.backbone == backbone.value)
    with reading() as session:
        return runs.run_records(session, *wanted, limit=limit)


@door
def evaluate(
    run_id: str,
    dataset_id: str,
    options: EvaluateOptions | None = None,
    *,
    priority: int = 0,
    after: str | None = None,
) -> JobRecord:
    """Queue an evaluation. Of a run that is still training it waits for the training."""
    options = options or EvaluateOptions()
    with writing() as session:
        run_id = shipped.use_run(session, run_id)
        run = runs.run_record(session, run_id)
        dataset = datasets.dataset_record(session, dataset_id)
        values = options.model_dump(mode="json")
        evaluation = Evaluation(
            run_id=run_id,
            dataset_id=dataset_id,
            split=options.split.value,
            protocol=options.protocol,
            options=values,
        )
        session.add(evaluation)
        session.flush()
        job = jobs.add_job(
            session,
            JobKind.EVALUATE,
            f"Evaluate {run.name} on {dataset.name} ({options.split.value})",
            options=values,
            priority=priority,
            after=after or pending_training([run]),
            run_id=run_id,
            dataset_id=dataset_id,
            evaluation_id=evaluation.id,
        )
        job_id = job.id
    return sent(job_id)


def pending_training(wanted: Collection[RunRecord]) -> str | None:
    """The training job to wait for: of several that are not finished, the one queued last.

    Raises:
        ClientError: A run failed or was cancelled, so there is nothing to wait for.
    """
    for run in wanted:
        if run.state in ENDED_BADLY:
            raise ClientError(
                f"run {run.name!r} {run.state.value}, so it has no checkpoint; retry its job first"
            )
    pending = [run for run in wanted if not run.state.is_final]
    return max(pending, key=lambda run: run.created_at).job_id if pending else None


@door
def list_runs(*, ids: Collection[str] | None = None, limit: int | None = None) -> list[RunRecord]:
    """Runs, newest first, at most ``limit``: all of this studio, or only those with the given ids."""
    wanted = [Run.shipped.is_(None) if ids is None else Run.id.in_(list(ids))]
    with reading() as session:
        return runs.run_records(session, *wanted, limit=limit)


@door
def run_methods(run_ids: Collection[str]) -> dict[str, str]:
    """Method of each of these runs, by id; unknown ids are left out."""
    with reading() as session:
        return runs.run_methods(session, run_ids)


@door
def list_models() -> list[RunRecord]:
    """All that can judge a face: the starter model first, then runs with a checkpoint, newest first.

    Weights of the starter model that an earlier version of the package shipped come last, where they were used. One
    that is missing or damaged is left out; :func:`workers.client.health` says so.
    """
    with reading() as session:
        found = runs.run_records(session, Checkpoint.id.is_not(None))
    current = shipped.available()
    own = [run for run in found if run.shipped is None]
    earlier = [run for run in found if run.shipped and run.id not in {model.id for model in current}]
    return [*current, *own, *earlier]


@door
def get_run(run_id: str) -> RunRecord:
    """The run with this id; the name of a shipped model is one too."""
    with reading() as session:
        name = shipped.shipped_name(run_id)
        return shipped.shipped_record(name) if name else runs.run_record(session, run_id)


@door
def shipped_models() -> list[RunRecord]:
    """The models that come with the package and are whole."""
    return shipped.available()


@door
def model_card(name: str) -> str:
    """What people should know of a shipped model, as Markdown."""
    return card_text(name)


@door
def get_checkpoint(checkpoint_id: str) -> CheckpointRecord:
    """The checkpoint with this id."""
    with reading() as session:
        checkpoint = session.get(Checkpoint, checkpoint_id)
        if checkpoint is None:
            raise ClientError(f"checkpoint {checkpoint_id!r} does not exist")
        return CheckpointRecord.model_validate(checkpoint)


@door
def metric_points(run_id: str, *, names: Collection[str] | None = None) -> pd.DataFrame:
    """Points of the run's curves, also while it trains: ``name, step, epoch, value``."""
    with reading() as session:
        runs.require_run(session, run_id)
        return runs.metric_table(session, run_id, names)


@door
def curves(run_ids: Collection[str], names: Collection[str], *, max_points: int = 400) -> pd.DataFrame:
    """Curves of several runs: ``run_id, name, step, epoch, value``, in order of step.

    Args:
        run_ids: Of these runs.
        names: Such as ``val/ccc_valence``.
        max_points: A longer curve is thinned by the database to about so many points, evenly, its last one kept; runs
            of one length keep the same epochs.
    """
    with reading() as session:
        return runs.curve_table(session, run_ids, names, max_points)


@door
def list_evaluations(
    run_id: str | None = None,
    *,
    ids: Collection[str] | None = None,
    is_done: bool = False,
    limit: int | None = None,
    is_brief: bool = False,
) -> list[EvaluationRecord]:
    """Evaluations, newest first.

    Args:
        run_id: Of one run; ``None``: of all.
        ids: Only these.
        is_done: Only those that have figures.
        limit: At most so many.
        is_brief: Leave out the figures, and keep what says which may be compared: for long lists.
    """
    wanted = [Evaluation.run_id == run_id] if run_id else []
    if ids is not None:
        wanted.append(Evaluation.id.in_(list(ids)))
    if is_done:
        wanted.append(Job.state == JobState.SUCCEEDED)
    with reading() as session:
        return evaluations.evaluation_records(session, *wanted, limit=limit, is_brief=is_brief)


@door
def get_evaluation(evaluation_id: str) -> EvaluationRecord:
    """The evaluation with this id."""
    with reading() as session:
        evaluations.require_evaluation(session, evaluation_id)
        return evaluations.evaluation_records(session, Evaluation.id == evaluation_id)[0]


@door
def evaluation_predictions(evaluation_id: str) -> pd.DataFrame:
    """One row per face: where it is from, ``valence, arousal, pred_valence, pred_arousal``."""
    with reading() as session:
        evaluation = evaluations.require_evaluation(session, evaluation_id)
        if evaluation.predictions is None:
            raise ClientError(f"evaluation {evaluation_id} has not finished; there are no predictions yet")
        return pd.read_parquet(io.BytesIO(file_store().read(evaluation.predictions)))


@door
def published_results() -> list[Any]:
    """Results printed elsewhere, each with source and protocol (:class:`avce.published.PublishedResult`)."""
    from avce.published import PUBLISHED  # noqa: PLC0415 (a table that only two pages read)

    return list(PUBLISHED)
