"""Checkpoints: a folder with ``model.safetensors`` and ``checkpoint.json``; nothing in it is executable.

``checkpoint.json`` holds the complete options, the crop recipe of the data, the validation figures and the
rule that chose this epoch, so that a stranger can tell what the weights are and feed them the right pictures.
Weights may be stored in half precision; they are loaded as float32.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from avce.data.loader import to_input
from avce.errors import CheckpointError, OptionError, ShapeError
from avce.files import finite, replace_folder, write_json
from avce.methods import build_method
from avce.methods.base import Method
from avce.methods.clips import ClipMethod, History
from avce.options import Runtime, TrainOptions
from avce.training.folder import CARD_FILE, FORMAT, MODEL_FILE, find_checkpoint, read_card
from avce.training.provenance import versions
from avce.training.runtime import Forward, choose_forward, find_device

BAND_FILE = "band.json"


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
            finite(
                {"format": FORMAT, "options": options.model_dump(mode="json"), "versions": versions(), **info}
            ),
        )


def write_band(folder: Path | str, band: Mapping[str, Any]) -> Path:
    """Keep beside a checkpoint how far it may be off; training anew takes it away.

    Args:
        folder: As for :func:`find_checkpoint`.
        band: A band as plain values, and where it comes from.
    """
    path = find_checkpoint(folder) / BAND_FILE
    write_json(path, dict(band))
    return path


def _band(folder: Path, card: Mapping[str, Any]) -> Any:
    """The band beside the checkpoint, or the one that its card came with."""
    path = folder / BAND_FILE
    if not path.is_file():
        return card.get("band")
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: expected JSON, could not read it ({error}); evaluate again"
        ) from error


@dataclass
class Predictor:
    """A trained method ready to judge faces.

    Attributes:
        method: The networks, in eval mode.
        options: The options it was trained with.
        info: ``checkpoint.json``; ``info["crop"]`` is the crop recipe ``{"margin", "size"}``, ``info["band"]`` how
            far values may be off, where an evaluation has said it.
        name: Short name for tables and legends.
        forward: What predicts in place of ``method``, with the same numbers; ``None``: the method itself.
    """

    method: Method
    options: TrainOptions
    info: dict[str, Any]
    name: str
    forward: Forward | None = None

    @property
    def device(self) -> torch.device:
        """Where the weights lie."""
        return next(self.method.parameters()).device

    @torch.inference_mode()
    def predict(
        self, crops_rgb_u8: NDArray[np.uint8], *, flip: bool | None = None, batch_size: int = 64
    ) -> NDArray[np.float32]:
        """Valence and arousal of faces.

        Args:
            crops_rgb_u8: Shape ``(n, h, w, 3)``, cut with the recipe in ``info["crop"]``.
            flip: Average with the mirrored face; ``None``: as the card says (``info["flip"]``), else not.
            batch_size: Faces per forward pass.

        Returns:
            Shape ``(n, 2)``, columns valence and arousal, within [-1, 1].

        Raises:
            ShapeError: Not a stack of colour pictures.
        """
        has_both = self._has_both(flip)
        forward = self.forward or self.method
        parts = [np.empty((0, 2), np.float32)]
        for images in self._inputs(crops_rgb_u8, batch_size):
            values = forward(images)
            if has_both:
                values = (values + forward(images.flip(-1))) / 2
            parts.append(values.float().clamp(-1, 1).cpu().numpy())
        return np.concatenate(parts)

    @property
    def look_back(self) -> int:
        """Frames before its own that count for a value; above 0 :meth:`predict_frames` is what judges videos."""
        return self.method.clip_length - 1 if isinstance(self.method, ClipMethod) else 0

    @torch.inference_mode()
    def predict_frames(
        self,
        crops_rgb_u8: NDArray[np.uint8],
        sequence: Sequence[Hashable],
        history: dict[bool, History],
        *,
        flip: bool | None = None,
        batch_size: int = 64,
    ) -> NDArray[np.float32]:
        """As :meth:`predict`, for the next frames of sequences; each value also comes from the frames before.

        Args:
            crops_rgb_u8: Shape ``(n, h, w, 3)``, in the order of time.
            sequence: Which sequence each face belongs to, such as its track.
            history: What earlier calls left; an empty dictionary at the start.
            flip: See :meth:`predict`.
            batch_size: See :meth:`predict`.

        Returns:
            Shape ``(n, 2)``; however the frames are cut into calls, the same up to rounding.
        """
        method = self.method
        if not isinstance(method, ClipMethod) or not len(crops_rgb_u8):
            return self.predict(crops_rgb_u8, flip=flip, batch_size=batch_size)
        parts: dict[bool, list[Tensor]] = {
            mirrored: [] for mirrored in ((False, True) if self._has_both(flip) else (False,))
        }
        for images in self._inputs(crops_rgb_u8, batch_size):
            for mirrored, features in parts.items():
                features.append(method.encoder(images.flip(-1) if mirrored else images))
        values = torch.zeros(len(crops_rgb_u8), 2)
        for key in dict.fromkeys(sequence):
            at = torch.tensor([n for n, of in enumerate(sequence) if of == key])
            for mirrored, features in parts.items():
                own = torch.cat(features)[at.to(self.device)]
                new = history.setdefault(mirrored, History()).values(method, key, own)
                values[at] += new.float().cpu() / len(parts)
        return values.clamp(-1, 1).numpy()

    def _has_both(self, flip: bool | None) -> bool:
        return bool(self.info.get("flip", False)) if flip is None else flip

    def _inputs(self, crops_rgb_u8: NDArray[np.uint8], batch_size: int) -> Iterator[Tensor]:
        if crops_rgb_u8.ndim != 4 or crops_rgb_u8.shape[-1] != 3:
            raise ShapeError(f"crops_rgb_u8: expected shape (n, h, w, 3), got {crops_rgb_u8.shape}")
        for start in range(0, len(crops_rgb_u8), batch_size):
            images = to_input(crops_rgb_u8[start : start + batch_size], self.options)
            yield images.to(self.device, memory_format=torch.channels_last)


def load_predictor(
    folder: Path | str,
    *,
    device: str | torch.device = "cpu",
    name: str | None = None,
    runtime: Runtime = "torch",
    precision: Literal["full", "half"] = "full",
) -> Predictor:
    """Load a checkpoint for prediction.

    Args:
        folder: Checkpoint folder, the output folder of a training run, or the name of shipped weights (``starter``).
        device: Where to put the weights; ``auto`` takes the GPU where there is one and torch runs the networks.
        name: Name for tables; default the name in the card, else method and backbone.
        runtime: What runs the networks in :meth:`Predictor.predict`; see :mod:`avce.training.runtime`.
        precision: Of the networks in :meth:`Predictor.predict`.

    Raises:
        OptionError: This checkpoint cannot be run by ``runtime``, there is no such device, or half precision was
            asked of ONNX Runtime.
        CheckpointError: Missing or damaged files, or weights that do not fit the options.
    """
    found = find_checkpoint(folder)
    card = read_card(found)
    try:
        # the weights come from this folder: whatever the run started from is not needed again, nor need it be valid today
        options = TrainOptions.parse({**card.get("options", {}), "pretrained": "none"})
        method = build_method(options)
        method.load_state_dict(load_file(found / MODEL_FILE))
    except (OSError, OptionError, SafetensorError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise CheckpointError(f"{found}: this checkpoint cannot be loaded: {reason}") from error
    method.to(find_device(device, runtime), memory_format=torch.channels_last)  # type: ignore[call-overload]
    method.eval()
    own = card.get("name") or f"{options.method.value} ({options.backbone.value})"
    forward = choose_forward(method, runtime, precision)
    return Predictor(method, options, card | {"band": _band(found, card)}, name or own, forward)
