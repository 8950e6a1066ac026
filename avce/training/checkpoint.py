"""Checkpoints: a folder with ``model.safetensors`` and ``checkpoint.json``; nothing in it is executable.

``checkpoint.json`` holds the complete options, the crop recipe of the data, the validation figures and the
rule that chose this epoch, so that a stranger can tell what the weights are and feed them the right pictures.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from avce.data.loader import to_input
from avce.errors import CheckpointError, OptionError, ShapeError
from avce.files import replace_folder, write_json
from avce.methods import build_method
from avce.methods.base import Method
from avce.options import TrainOptions

FORMAT = 1
MODEL_FILE = "model.safetensors"
CARD_FILE = "checkpoint.json"
BEST_FOLDER = "best"


def save_checkpoint(
    folder: Path, weights: Mapping[str, Tensor], options: TrainOptions, info: Mapping[str, Any]
) -> None:
    """Write a checkpoint so that a reader sees the old one or the new one, never half of one.

    Args:
        folder: Where to put it; an older checkpoint there is replaced.
        weights: State dict of the method.
        options: Options of the run.
        info: Plain values to keep beside it: crop recipe, epoch, figures, rule, data fingerprint.
    """
    with replace_folder(folder) as fresh:
        tensors = {name: value.detach().cpu().contiguous() for name, value in weights.items()}
        save_file(tensors, fresh / MODEL_FILE)
        write_json(
            fresh / CARD_FILE,
            {"format": FORMAT, "options": options.model_dump(mode="json"), **info},
        )


def find_checkpoint(folder: Path) -> Path:
    """The checkpoint's own folder, given it or the output folder of a run.

    Raises:
        CheckpointError: There is none.
    """
    for candidate in (folder, folder / BEST_FOLDER):
        if (candidate / CARD_FILE).is_file():
            return candidate
    raise CheckpointError(
        f"{folder}: expected a folder with {CARD_FILE} and {MODEL_FILE} (the --out of a training run); found neither"
        " there nor in its folder 'best'"
    )


def read_card(folder: Path) -> dict[str, Any]:
    """``checkpoint.json`` of a checkpoint, without loading weights.

    Raises:
        CheckpointError: Missing, damaged, or of an unknown format.
    """
    path = find_checkpoint(folder) / CARD_FILE
    try:
        card = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: expected JSON, could not read it ({error}); train or export it again"
        ) from error
    if not isinstance(card, dict) or card.get("format") != FORMAT:
        found = card.get("format") if isinstance(card, dict) else type(card).__name__
        raise CheckpointError(f"{path}: expected checkpoint format {FORMAT}, got {found!r}")
    return card


@dataclass
class Predictor:
    """A trained method ready to judge faces.

    Attributes:
        method: The networks, in eval mode.
        options: The options it was trained with.
        info: ``checkpoint.json``; ``info["crop"]`` is the crop recipe ``{"margin", "size"}``.
        name: Short name for tables and legends.
    """

    method: Method
    options: TrainOptions
    info: dict[str, Any]
    name: str

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return next(self.method.parameters()).device

    @torch.inference_mode()
    def predict(
        self, crops_rgb_u8: NDArray[np.uint8], *, flip: bool = False, batch_size: int = 64
    ) -> NDArray[np.float32]:
        """Valence and arousal of faces.

        Args:
            crops_rgb_u8: Shape ``(n, h, w, 3)``, cut with the recipe in ``info["crop"]``.
            flip: Average with the mirrored face.
            batch_size: Faces per forward pass.

        Returns:
            Shape ``(n, 2)``, columns valence and arousal, within [-1, 1].

        Raises:
            ShapeError: Not a stack of colour pictures.
        """
        if crops_rgb_u8.ndim != 4 or crops_rgb_u8.shape[-1] != 3:
            raise ShapeError(f"crops_rgb_u8: expected shape (n, h, w, 3), got {crops_rgb_u8.shape}")
        parts = [np.empty((0, 2), np.float32)]
        for start in range(0, len(crops_rgb_u8), batch_size):
            images = to_input(crops_rgb_u8[start : start + batch_size], self.options)
            images = images.to(self.device, memory_format=torch.channels_last)
            values = self.method(images)
            if flip:
                values = (values + self.method(images.flip(-1))) / 2
            parts.append(values.float().clamp(-1, 1).cpu().numpy())
        return np.concatenate(parts)


def load_predictor(
    folder: Path | str, *, device: str | torch.device = "cpu", name: str | None = None
) -> Predictor:
    """Load a checkpoint for prediction.

    Args:
        folder: Checkpoint folder, or the output folder of a training run.
        device: Where to put the weights.
        name: Name for tables; default method and backbone.

    Raises:
        CheckpointError: Missing or damaged files, or weights that do not fit the options.
    """
    found = find_checkpoint(Path(folder))
    card = read_card(found)
    try:
        options = TrainOptions.parse(card.get("options", {}))
        # the weights come from this folder: whatever the run started from is not needed again
        method = build_method(options.model_copy(update={"pretrained": "none"}))
        method.load_state_dict(load_file(found / MODEL_FILE))
    except (OSError, OptionError, SafetensorError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise CheckpointError(f"{found}: this checkpoint cannot be loaded: {reason}") from error
    method.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    method.eval()
    return Predictor(method, options, card, name or f"{options.method.value} ({options.backbone.value})")
