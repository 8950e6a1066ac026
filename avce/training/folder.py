"""The folder of a checkpoint: where it is, what its card says, whether it is whole. Torch-free."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from avce.errors import CheckpointError
from avce.weights import SHIPPED, shipped_folder

FORMAT = 1
MODEL_FILE = "model.safetensors"
CARD_FILE = "checkpoint.json"
BEST_FOLDER = "best"


def find_checkpoint(folder: Path | str) -> Path:
    """The checkpoint's own folder, given it, the output folder of a run, or the name of shipped weights.

    Args:
        folder: A folder, or a name of :data:`avce.weights.SHIPPED`; the name wins over a folder of the same name,
            which ``./NAME`` still reaches.

    Raises:
        CheckpointError: There is none, or shipped weights are missing or damaged.
    """
    if str(folder) in SHIPPED and not str(folder).startswith("."):
        return shipped_folder(str(folder))
    path = Path(folder)
    for candidate in (path, path / BEST_FOLDER):
        if (candidate / CARD_FILE).is_file():
            return candidate
    raise CheckpointError(
        f"{folder}: expected a folder with {CARD_FILE} and {MODEL_FILE} (the --out of a training run), found neither"
        f" there nor in its folder 'best'; give one, or {' or '.join(SHIPPED)}"
    )


def read_card(folder: Path | str) -> dict[str, Any]:
    """``checkpoint.json`` of a checkpoint, without loading weights.

    Raises:
        CheckpointError: Missing, damaged, or of an unknown format; the text says which version wrote it.
    """
    path = find_checkpoint(folder) / CARD_FILE
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: expected JSON, could not read it ({error}); train or export it again"
        ) from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        raise CheckpointError(f"{path}: expected checkpoint format {FORMAT}, got {_found(card)}")
    return card


def _found(card: Any) -> str:
    if not isinstance(card, dict):
        return f"{type(card).__name__} instead of a card"
    versions = card.get("versions")
    writer = versions.get("avce-studio") if isinstance(versions, dict) else None
    told = f"written by version {writer} of avce-studio" if writer else "and no word of what wrote it"
    return f"{card.get('format')!r}, {told}; read it with that version, or train it again with this one"
