"""How much there is, without reading it."""

from __future__ import annotations

from sqlalchemy import func, select

from workers.client._door import door
from workers.store.session import reading
from workers.store.tables import Analysis, Dataset, Evaluation, Job, Run

SHIPPED_DATA = select(Run.dataset_id).where(Run.shipped.is_not(None))
NOUNS = {
    "datasets": select(Dataset.id).where(Dataset.id.not_in(SHIPPED_DATA)),
    "runs": select(Run.id).where(Run.shipped.is_(None)),
    "evaluations": select(Evaluation.id),
    "analyses": select(Analysis.id),
    "jobs": select(Job.id),
}
"""What is counted; shipped models and what stands for their data are not of this studio's making."""


@door
def counts() -> dict[str, int]:
    """Number of rows of each noun: ``datasets, runs, evaluations, analyses, jobs``."""
    with reading() as session:
        return {
            name: session.scalar(select(func.count()).select_from(noun.subquery())) or 0
            for name, noun in NOUNS.items()
        }
