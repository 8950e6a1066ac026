"""Evaluate runs."""

from __future__ import annotations

import io

from sqlalchemy.orm import Session

from avce.options import EvaluateOptions
from workers.app import task
from workers.lifecycle import Claim
from workers.reporting import JobReporter
from workers.states import JobKind
from workers.store.datasets import prepared_folder
from workers.store.evaluations import require_evaluation, write_result
from workers.store.files import file_store
from workers.store.runs import checkpoint_folder, checkpoint_of
from workers.store.session import reading
from workers.tasks.border import Outcome, perform


@task(JobKind.EVALUATE)
def evaluate_run(job_id: str) -> None:
    """Measure a run on one split: figures as rows, predictions as a parquet file."""
    perform(job_id, _evaluate)


def _evaluate(held: Claim, reporter: JobReporter) -> Outcome:
    from avce.data.prepared import Prepared
    from avce.evaluation import predict_split, summarise
    from avce.training.checkpoint import load_predictor

    options = EvaluateOptions.parse(held.options)
    with reading() as session:
        data = Prepared.load(prepared_folder(session, held["dataset_id"]))
        checkpoint = checkpoint_of(session, held["run_id"])
        checkpoint_id, folder = checkpoint.id, checkpoint_folder(checkpoint)
    predictor = load_predictor(folder)
    table = predict_split(predictor, data, options, reporter)
    reporter.stage("score")
    result = summarise(table, predictor, data, options)
    parquet = io.BytesIO()
    table.to_parquet(parquet, index=False)
    parquet.seek(0)
    predictions = file_store().put(parquet, "predictions.parquet").sha256

    def write(session: Session) -> None:
        evaluation = require_evaluation(session, held["evaluation_id"])
        evaluation.checkpoint_id = checkpoint_id
        evaluation.predictions = predictions
        write_result(session, evaluation, result)

    return Outcome(write)
