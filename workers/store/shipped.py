"""Models that ship with the package, as rows, so that whatever takes a run takes them too.

Such a row has the name of its weights in ``shipped``, no training job, and a data set that no job imported: both stand
for work done elsewhere and are in no list of this studio's own. It is written when the model is first used. Its id
carries the checksum of the weights, so those of a later version are another row, and what was analysed before still
points to what analysed it; the weights themselves lie in the file store, where every worker finds them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from avce.errors import CheckpointError
from avce.training.folder import MODEL_FILE, read_card
from avce.weights import SHIPPED, checksums, shipped_folder
from workers.records import RunRecord
from workers.states import JobState
from workers.store.files import file_store
from workers.store.tables import Checkpoint, Dataset, Run

DATA_NAME = "what the starter model was trained on"
EPOCH_ZERO = datetime.fromtimestamp(0, UTC)


def model_id(name: str) -> str:
    """Id of the row of these weights, whether it has been written or not.

    Raises:
        CheckpointError: The list of checksums is missing.
    """
    return f"{name}-{checksums(name)[MODEL_FILE][:8]}"


def shipped_name(run_id: str) -> str | None:
    """The name of the weights that an id means, which may be that name itself; ``None`` for other runs."""
    return next((name for name in SHIPPED if run_id == name or run_id == model_id(name)), None)


def shipped_record(name: str) -> RunRecord:
    """The record of a shipped model, from its card.

    Raises:
        CheckpointError: The weights are missing or damaged.
    """
    found = model_id(name)
    return RunRecord(
        id=found, dataset_id=f"{found}-data", dataset_name=DATA_NAME, created_at=EPOCH_ZERO, checkpoint_id=found,
        state=JobState.SUCCEEDED, **_columns(name),
    )  # fmt: skip


def available() -> list[RunRecord]:
    """Records of the shipped models whose weights are whole."""
    return [shipped_record(name) for name in SHIPPED if problem(name) is None]


def problem(name: str) -> str | None:
    """What is wrong with shipped weights, and how to restore them; ``None`` when they are whole."""
    try:
        shipped_folder(name)
    except CheckpointError as error:
        return str(error)
    return None


def use_run(session: Session, run_id: str) -> str:
    """The id to write into rows; the rows of a shipped model are added when it is first used.

    Raises:
        CheckpointError: The weights are missing or damaged.
    """
    name = shipped_name(run_id)
    if name is None:
        return run_id
    found = model_id(name)
    if session.get(Run, found) is None:
        data = f"{found}-data"
        session.merge(Dataset(id=data, name=DATA_NAME, source={"shipped": name}))
        session.flush()
        session.add(Run(id=found, dataset_id=data, **_columns(name)))
        session.flush()
        files = file_store().put_folder(shipped_folder(name))
        session.add(Checkpoint(id=found, run_id=found, name=name, files=files))
        session.flush()
    return found


def _columns(name: str) -> dict[str, Any]:
    options = read_card(name)["options"]
    return {
        "name": name,
        "shipped": name,
        "method": options["method"],
        "backbone": options["backbone"],
        "options": options,
    }
