"""Activation maps per output axis and per head.

The poster does not print how its "neural activation maps" were computed. These are Grad-CAM-style maps (Selvaraju
et al. 2017, through captum) of the encoder's last convolutional layer: each channel is weighted by the mean
gradient of one output with respect to it. A regression output may be moved either way, so the magnitude of the
weighted sum is drawn by default; ``direction`` picks what raises or what lowers the output.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from captum.attr import LayerActivation, LayerGradCam, LayerGradientXActivation
from numpy.typing import NDArray
from torch import Tensor

from avce.activation.combine import Maps
from avce.data.loader import to_input
from avce.data.views import centre_window, seen_pixels
from avce.errors import DomainError, OptionError, ShapeError
from avce.methods.base import Method
from avce.options import Axis, Head
from avce.training.checkpoint import Predictor

Crops: TypeAlias = NDArray[np.uint8]
Direction: TypeAlias = Literal["both", "raise", "lower"]
Kind: TypeAlias = Literal["gradcam", "hirescam"]

BATCH = 16
AXES = tuple(Axis)


def activation_maps(
    predictor: Predictor,
    crops_rgb_u8: Crops,
    axis: Axis,
    head: Head = Head.R,
    *,
    kind: Kind = "gradcam",
    direction: Direction = "both",
) -> Maps:
    """Grad-CAM-style maps of one output.

    Args:
        predictor: A loaded checkpoint.
        crops_rgb_u8: Faces, shape ``(n, h, w, 3)``, square, cut with the predictor's recipe.
        axis: Which output.
        head: R, which predicts, or H, which judges the attentive view.
        kind: ``"gradcam"`` weights channels by the mean gradient; ``"hirescam"`` (Draelos & Carin 2020)
            multiplies gradient and activation place by place. They agree where the head averages over the
            picture; where it reads places apart, only the second says where the output comes from.
        direction: ``"both"`` for the magnitude; ``"raise"`` or ``"lower"`` for one sign.

    Returns:
        Shape ``(n, h, w)``, float32, each scaled to a maximum of 1; zero outside the window that the network
        sees, and everywhere when nothing matters.

    Raises:
        ShapeError: Not a stack of colour pictures.
        OptionError: The method has no such head, or an unknown kind or direction.

    Note: the method is left as it was found: mode, gradients, hooks. One forward and one backward pass per face.
    """
    cam = raw_maps(predictor, crops_rgb_u8, axis, head, kind=kind)
    if direction == "both":
        cam = np.abs(cam)
    elif direction in {"raise", "lower"}:
        cam = np.maximum(cam if direction == "raise" else -cam, 0)
    else:
        raise OptionError(f"direction: expected both, raise or lower, got {direction!r}")
    return scaled(placed(cam, crops_rgb_u8.shape[1], predictor))


def raw_maps(
    predictor: Predictor, crops_rgb_u8: Crops, axis: Axis, head: Head = Head.R, *, kind: Kind = "gradcam"
) -> Maps:
    """Signed maps at the layer's own resolution, shape ``(n, rows, columns)``; as :func:`activation_maps`."""
    if kind not in {"gradcam", "hirescam"}:
        raise OptionError(f"kind: expected gradcam or hirescam, got {kind!r}")
    explainer = LayerGradCam if kind == "gradcam" else LayerGradientXActivation
    column = AXES.index(axis)
    parts = []
    with at_rest(predictor.method) as method:
        cam = explainer(lambda images: method.head_output(images, head).float(), method.map_layer)
        for images in _inputs(predictor, crops_rgb_u8):
            values: Tensor = cam.attribute(images, target=column)
            parts.append(values.sum(dim=1).detach().float().cpu().numpy())
    return np.concatenate(parts) if parts else np.zeros((0, 1, 1), np.float32)


def feature_maps(predictor: Predictor, crops_rgb_u8: Crops) -> Maps:
    """Mean over channels of the last layer's activation magnitude: what the encoder sees, whatever the output.

    Returns:
        Shape ``(n, h, w)``, float32, each scaled to a maximum of 1.
    """
    parts = []
    with at_rest(predictor.method) as method:
        layer = LayerActivation(method, method.map_layer)
        for images in _inputs(predictor, crops_rgb_u8):
            shown: Tensor = layer.attribute(images)
            parts += [shown.detach().abs().mean(dim=1).float().cpu().numpy()]
    means = np.concatenate(parts) if parts else np.zeros((0, 1, 1), np.float32)
    return scaled(placed(means, crops_rgb_u8.shape[1], predictor))


def head_values(predictor: Predictor, crops_rgb_u8: Crops, head: Head = Head.R) -> NDArray[np.float32]:
    """Output of a head without gradients, shape ``(n, 2)``."""
    parts = [np.zeros((0, 2), np.float32)]
    with at_rest(predictor.method) as method, torch.no_grad():
        for images in _inputs(predictor, crops_rgb_u8, batch=4 * BATCH):
            parts += [method.head_output(images, head).float().cpu().numpy()]
    return np.concatenate(parts)


# helpers


def placed(maps: Maps, side: int, predictor: Predictor) -> Maps:
    """Lay maps over crops of ``side`` pixels: bilinear inside the window that the network saw, zero outside it."""
    if len(maps) == 0:
        return np.zeros((0, side, side), np.float32)
    start, length = centre_window(side, predictor.options.input_size)
    at = 2 * (torch.arange(side) + 0.5 - start) / length - 1  # -1 … 1 over the window, pixel centres
    down, across = torch.meshgrid(at, at, indexing="ij")
    grid = torch.stack([across, down], dim=-1).float().expand(len(maps), -1, -1, -1)
    laid = F.grid_sample(
        torch.from_numpy(maps)[:, None], grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    found = np.zeros((len(maps), side, side), np.float32)
    seen = seen_pixels(side, predictor.options.input_size)
    found[:, seen, seen] = laid[:, 0, seen, seen].numpy()
    return found


def scaled(maps: Maps) -> Maps:
    """Each map divided by its maximum; a map of zeros stays."""
    if not np.isfinite(maps).all():
        raise DomainError("activation maps: expected finite numbers; the checkpoint's weights may be damaged")
    highest = maps.max(axis=(1, 2), keepdims=True, initial=0.0)
    return np.asarray(maps / np.where(highest > 0, highest, 1), np.float32)


@contextmanager
def at_rest(method: Method) -> Iterator[Method]:
    """Eval mode, gradients possible, no operation in place (it would overwrite what a hook has kept); all restored."""
    modes = [(module, module.training) for module in method.modules()]
    in_place = [module for module in method.modules() if getattr(module, "inplace", False) is True]
    method.eval()
    for module in in_place:
        setattr(module, "inplace", False)  # noqa: B010  # not an attribute of nn.Module
    try:
        with torch.inference_mode(False), torch.enable_grad():  # noqa: FBT003  # torch's own signature
            yield method
    finally:
        for module in in_place:
            setattr(module, "inplace", True)  # noqa: B010
        for module, mode in modes:
            module.training = mode


def _inputs(predictor: Predictor, crops_rgb_u8: Crops, *, batch: int = BATCH) -> Iterator[Tensor]:
    if crops_rgb_u8.ndim != 4 or crops_rgb_u8.shape[-1] != 3:
        raise ShapeError(f"crops_rgb_u8: expected shape (n, h, w, 3), got {crops_rgb_u8.shape}")
    for start in range(0, len(crops_rgb_u8), batch):
        yield to_input(crops_rgb_u8[start : start + batch], predictor.options).to(predictor.device)
