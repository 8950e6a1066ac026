"""The body of a cost measurement: take the steps, keep what the clock said."""

from __future__ import annotations

from sqlalchemy.orm import Session

from avce.options import TrainOptions
from workers.lifecycle import Claim
from workers.own_views import know_own_views
from workers.reporting import JobReporter
from workers.store.costs import cost_of_job
from workers.store.datasets import prepared_folder
from workers.store.session import reading
from workers.tasks.border import Outcome


def measure_steps(held: Claim, reporter: JobReporter) -> Outcome:
    """Measure a few steps on the data set's crops; the row is written with the end of the job."""
    from avce.training.estimate import measure

    know_own_views()
    with reading() as session:
        folder = prepared_folder(session, held["dataset_id"])
    measured = measure(TrainOptions.parse(held.options), folder, reporter)
    reporter.log(f"{measured.steps} steps, {measured.step_s:.3g} s each, {measured.peak_mb:.0f} MB")

    def write(session: Session) -> None:
        row = cost_of_job(session, held.job_id)
        row.measured, row.host = measured.model_dump(), measured.machine.host

    return Outcome(write)
