"""Train runs."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from avce.options import TrainOptions
from workers.app import task
from workers.lifecycle import Claim
from workers.own_views import know_own_views
from workers.reporting import JobReporter
from workers.settings import get_settings
from workers.starts import started_from
from workers.states import JobKind
from workers.store.datasets import prepared_folder
from workers.store.files import file_store
from workers.store.plain import plain
from workers.store.runs import checkpoint_folder, checkpoint_of, kept_files, require_run
from workers.store.session import reading
from workers.store.tables import Checkpoint
from workers.tasks.border import Outcome, perform


@task(JobKind.TRAIN)
def train_run(job_id: str) -> None:
    """Train a run; another attempt goes on where the last one saved its state."""
    perform(job_id, _train)


def _train(held: Claim, reporter: JobReporter) -> Outcome:
    from avce.data.prepared import Prepared
    from avce.training.loop import KEPT_FOLDER, train

    know_own_views()
    options = TrainOptions.parse(held.options)
    with reading() as session:
        data = Prepared.load(prepared_folder(session, held["dataset_id"]))
        if start := started_from(options.pretrained):
            folder = checkpoint_folder(checkpoint_of(session, start))
            options = options.model_copy(update={"pretrained": str(folder)})
    # One folder per run, not per attempt: what a killed attempt left is where the next one starts.
    out = get_settings().work_folder / f"run-{held['run_id']}"
    result = train(options, data, out, reporter, resume=True)
    reporter.stage("store")
    files = file_store().put_folder(result.best) | kept_files(out / KEPT_FOLDER)

    def write(session: Session) -> None:
        run = require_run(session, held["run_id"])
        run.best_epoch = result.best_epoch
        run.best = flat(result.metrics)
        session.add(Checkpoint(run_id=run.id, name=f"{run.name}, epoch {result.best_epoch}", files=files))

    return Outcome(write, tidy=lambda: shutil.rmtree(out, ignore_errors=True))


def flat(metrics: Mapping[str, Any]) -> dict[str, float]:
    """``{"valence": {"ccc": x}}`` as ``{"ccc_valence": x}``, the names of the curves; gaps are left out."""
    figures: dict[str, float] = {}
    for name, value in plain(metrics).items():
        if isinstance(value, dict):
            figures |= {f"{inner}_{name}": number for inner, number in value.items()}
        else:
            figures[name] = value
    return {name: float(value) for name, value in figures.items() if isinstance(value, (int, float))}
