"""Augmentation of a whole batch with a few tensor operations.

``poster``: RandomCrop, ColorJitter, HFlip, as in the paper (which gives no strengths: those here are
ours). ``strong``: rotation, scale and translation in one resampling, wider colour, grey, tone, blur and erasing.
All randomness comes as uniform numbers, a row of :data:`NUMBERS` per picture.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

NUMBERS = 24
"""Uniform numbers that one picture takes; each use has its own column, so uses do not shift one another."""

FLIP, LEFT, TOP, LIGHT, CONTRAST, COLOUR, HUE, ANGLE, SCALE, GREY, TONE, BLUR, ERASE = range(13)
ERASE_BOX = slice(13, 17)

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
"""ImageNet statistics."""
LUMINANCE = (0.299, 0.587, 0.114)


def random_window(images_u8: NDArray[np.uint8], side: int, uniform: NDArray[np.float32]) -> Tensor:
    """Cut a window of ``side`` at a random place, mirrored half of the time.

    Returns:
        Shape ``(n, 3, side, side)``, float in [0, 1].
    """
    n, room = len(images_u8), images_u8.shape[1] - side + 1
    left, top = (uniform[:, LEFT] * room).astype(int), (uniform[:, TOP] * room).astype(int)
    flip = uniform[:, FLIP] < 0.5
    out = np.empty((n, side, side, 3), np.uint8)
    for k in range(n):
        window = images_u8[k, top[k] : top[k] + side, left[k] : left[k] + side]
        out[k] = window[:, ::-1] if flip[k] else window
    return to_float(out)


def random_affine(images_u8: NDArray[np.uint8], side: int, uniform: Tensor, *, max_angle_deg: float = 15.0) -> Tensor:
    """Rotate, scale, move and mirror, in one bilinear resampling of the window prediction sees.

    Angle within ``max_angle_deg``, scale .85 to 1.18, a move as far as the margin between window and picture.
    """
    size = images_u8.shape[1]
    window = side / size  # share of the picture seen at scale 1
    angle = (uniform[:, ANGLE] * 2 - 1) * math.radians(max_angle_deg)
    scale = torch.exp((uniform[:, SCALE] * 2 - 1) * math.log(1.18)) * window
    mirror = torch.where(uniform[:, FLIP] < 0.5, -1.0, 1.0)
    reach = 1 - window
    theta = torch.stack(
        [
            torch.stack([mirror * scale * angle.cos(), -scale * angle.sin(), (uniform[:, LEFT] * 2 - 1) * reach], dim=1),
            torch.stack([mirror * scale * angle.sin(), scale * angle.cos(), (uniform[:, TOP] * 2 - 1) * reach], dim=1),
        ],
        dim=1,
    )
    grid = F.affine_grid(theta, [len(images_u8), 3, side, side], align_corners=False)
    return F.grid_sample(to_float(images_u8), grid, padding_mode="border", align_corners=False)


def to_float(images_u8: NDArray[np.uint8]) -> Tensor:
    """Pictures ``(n, h, w, 3)`` as float ``(n, 3, h, w)`` in [0, 1], channels last in memory."""
    return torch.from_numpy(np.ascontiguousarray(images_u8)).permute(0, 3, 1, 2).float().div_(255)


def normalise(images: Tensor, *, grey: bool) -> Tensor:
    """Subtract ImageNet's mean and divide by its spread; ``grey`` first makes all channels the luminance."""
    if grey:
        images = (images * images.new_tensor(LUMINANCE).view(1, 3, 1, 1)).sum(1, keepdim=True).expand(-1, 3, -1, -1)
    mean, std = (images.new_tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    return (images - mean) / std


def jitter(images: Tensor, uniform: Tensor, *, strength: float, hue: float, grey_share: float = 0.0) -> Tensor:
    """Random brightness, contrast, saturation and hue: one affine map of colour per picture.

    The four are linear in colour, so their product is a 3 × 3 matrix and an offset, applied in one pass and
    clamped once at the end.

    Args:
        images: Shape ``(n, 3, h, w)`` in [0, 1].
        uniform: Shape ``(n, NUMBERS)``.
        strength: Brightness, contrast and saturation lie in ``1 ± strength``.
        hue: Largest turn of hue, as a share of the circle.
        grey_share: Share of pictures made grey.
    """
    n = len(images)
    light, contrast, colour = (1 + strength * (uniform[:, k] * 2 - 1) for k in (LIGHT, CONTRAST, COLOUR))
    colour = torch.where(uniform[:, GREY] < grey_share, torch.zeros_like(colour), colour)
    weights = images.new_tensor(LUMINANCE).expand(3, 3)
    eye = torch.eye(3).expand(n, 3, 3)
    matrix = colour.view(n, 1, 1) * eye + (1 - colour).view(n, 1, 1) * weights
    if hue:
        matrix = _hue_turn((uniform[:, HUE] * 2 - 1) * 2 * math.pi * hue) @ matrix
    matrix = (light * contrast).view(n, 1, 1) * matrix
    mean = (images.mean(dim=(2, 3)) * images.new_tensor(LUMINANCE)).sum(1)
    offset = ((1 - contrast) * light * mean).view(n, 1, 1).expand(n, 3, 1)
    # one multiplication over pixels: (n, 3, 3) @ (n, 3, h·w)
    return torch.baddbmm(offset, matrix, images.flatten(2)).view_as(images).clamp_(0, 1)


def _hue_turn(angle: Tensor) -> Tensor:
    """Rotations about the grey axis, shape ``(n, 3, 3)``."""
    cos, sin = angle.cos().view(-1, 1, 1), angle.sin().view(-1, 1, 1)
    third, root = torch.full((3, 3), 1 / 3), 1 / math.sqrt(3)
    cross = torch.tensor([[0.0, -root, root], [root, 0.0, -root], [-root, root, 0.0]])
    return cos * torch.eye(3) + (1 - cos) * third + sin * cross


def tone(images: Tensor, uniform: Tensor, *, strength: float = 0.3) -> Tensor:
    """Random gamma: under- and overexposure, exponent ``exp(± strength)``."""
    gamma = torch.exp((uniform[:, TONE] * 2 - 1) * strength).view(-1, 1, 1, 1)
    return images.clamp_min(1e-4).pow(gamma)


def blur(images: Tensor, uniform: Tensor, *, share: float = 0.2) -> Tensor:
    """Soften a share of the pictures with a 5 × 5 average of neighbours, more or less mixed in."""
    chosen = torch.nonzero(uniform[:, BLUR] < share).flatten()
    if not len(chosen):
        return images
    amount = (uniform[chosen, BLUR] / share).view(-1, 1, 1, 1)
    soft = F.avg_pool2d(F.pad(images[chosen], (2, 2, 2, 2), mode="replicate"), 5, stride=1)
    images[chosen] = images[chosen].lerp(soft, amount)
    return images


def erase(images: Tensor, uniform: Tensor, *, share: float = 0.25) -> Tensor:
    """Paint a rectangle of a share of the pictures in their mean colour; sides .1 to .4 of the picture's."""
    height, width = images.shape[-2:]
    boxes = uniform[:, ERASE_BOX]
    for k in torch.nonzero(uniform[:, ERASE] < share).flatten().tolist():
        h, w = int((0.1 + 0.3 * boxes[k, 0]) * height), int((0.1 + 0.3 * boxes[k, 1]) * width)
        top, left = int(boxes[k, 2] * (height - h)), int(boxes[k, 3] * (width - w))
        images[k, :, top : top + h, left : left + w] = images[k].mean(dim=(1, 2)).view(3, 1, 1)
    return images
